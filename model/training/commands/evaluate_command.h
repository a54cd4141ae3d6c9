// rill-train evaluate: greedy error rates of a model file or a run on development sets.
//
// Thread rule: from main.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "model/training/data/data_options.h"

namespace rill::training {

class EvaluateCommand {
 public:
  explicit EvaluateCommand(CLI::App& program);
  bool chosen() const { return app_->parsed(); }
  absl::Status Run();

 private:
  CLI::App* app_;
  std::string run_;
  std::string model_;
  std::string compute_ = "float";
  bool average_ = true;
  int threads_ = 0;
  std::vector<int> chunks_ = {8};
  DataOptions data_;
};

}  // namespace rill::training
