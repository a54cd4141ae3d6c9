// rill-paper scaling: time and memory of attention with its gradients over the length of the
// sequence (the paper's section 4.1.2, figure 1).
//
// Thread rule: from main.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "model/paper/attention/registry.h"
#include "model/paper/run/measure.h"
#include "model/paper/run/run_folder.h"

namespace rill::paper {

class ScalingCommand {
 public:
  explicit ScalingCommand(CLI::App& program);
  bool chosen() const { return app_->parsed(); }
  absl::Status Run();

 private:
  struct Point {
    std::string attention;
    int64_t positions;
  };

  void Shrink();  // for --smoke
  absl::Status Measure(const Point& point, ResultFile& results) const;
  absl::StatusOr<Measurement> MeasureAttention(const Attention& attention,
                                               const Point& point) const;
  // Why the point cannot be measured, judged by shorter sequences; "" if it can.
  std::string HopelessBecause(const Point& point, const ResultFile& results) const;
  absl::Status FitAll(ResultFile& results) const;

  CLI::App* app_;
  RunFlags run_;
  std::vector<std::string> attentions_ = {"softmax", "sdpa", "lsh-1", "lsh-4", "lsh-8", "linear"};
  LshOptions lsh_;
  int shortest_ = 9, longest_ = 16;  // powers of two
  int64_t tokens_ = 4096;
  int64_t heads_ = 8;
  int64_t head_width_ = 64;
  double most_seconds_ = 30;
  double memory_gb_ = 8;
};

}  // namespace rill::paper
