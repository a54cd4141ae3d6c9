// rill-lm score: log10 probabilities and the perplexity of sentences from standard input.
//
// Thread rule: from main.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "absl/status/status.h"

namespace rill {

class ScoreCommand {
 public:
  explicit ScoreCommand(CLI::App& program);
  bool chosen() const { return app_->parsed(); }
  absl::Status Run();

 private:
  CLI::App* app_;
  std::string path_;
  bool quiet_ = false;
};

}  // namespace rill
