// rill-paper copy: the loss curves of all attentions on the copy task (the paper's section 4.1.1,
// figure 2), and whether what was trained in parallel copies in recurrent form.
//
// Thread rule: from main.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "model/paper/copy/copy_task.h"
#include "model/paper/network/transformer.h"
#include "model/paper/run/run_folder.h"
#include "model/paper/run/training.h"

namespace rill::paper {

class CopyCommand {
 public:
  explicit CopyCommand(CLI::App& program);
  bool chosen() const { return app_->parsed(); }
  absl::Status Run();

 private:
  void Shrink();  // for --smoke
  absl::Status TrainOne(const std::string& attention, RunFolder& folder) const;
  ResultFile::Line Evaluate(const Transformer& network) const;

  CLI::App* app_;
  RunFlags run_;
  std::vector<std::string> attentions_ = {"softmax", "lsh-1", "lsh-4", "lsh-8", "linear"};
  CopyOptions task_;
  TransformerConfig network_;
  TrainingPlan plan_;
  int64_t batch_ = 16;
  int64_t test_batches_ = 4;
  uint64_t seed_ = 1;
};

}  // namespace rill::paper
