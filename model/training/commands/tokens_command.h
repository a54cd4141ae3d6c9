// rill-train tokens: chooses the pieces of words that a new model is to write with.
//
// Thread rule: from main.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "absl/status/status.h"

namespace rill::training {

class TokensCommand {
 public:
  explicit TokensCommand(CLI::App& program);
  bool chosen() const { return app_->parsed(); }
  absl::Status Run();

 private:
  CLI::App* app_;
  std::vector<std::string> data_;
  std::string output_;
  int size_ = 128;
};

}  // namespace rill::training
