// rill-train export: a run's newest checkpoint as a model file for the server.
//
// Thread rule: from main.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "model/file/model_file.h"

namespace rill::training {

class ExportCommand {
 public:
  explicit ExportCommand(CLI::App& program);
  bool chosen() const { return app_->parsed(); }
  absl::Status Run();

 private:
  CLI::App* app_;
  std::string run_;
  std::string checkpoint_;
  std::string output_;
  std::vector<std::string> average_with_;
  std::string name_, language_ = "en", license_, training_data_, description_;
  bool average_ = true;
  MatrixType matrices_ = MatrixType::kBFloat16;
};

}  // namespace rill::training
