// rill-lm info: what a language model file holds.
//
// Thread rule: from main.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "absl/status/status.h"

namespace rill {

class InfoCommand {
 public:
  explicit InfoCommand(CLI::App& program);
  bool chosen() const { return app_->parsed(); }
  absl::Status Run();

 private:
  CLI::App* app_;
  std::string path_;
};

}  // namespace rill
