// rill-lm build: an ARPA file into the binary form that the recogniser maps.
//
// Thread rule: from main.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>

#include "absl/status/status.h"

namespace rill {

class BuildCommand {
 public:
  explicit BuildCommand(CLI::App& program);
  bool chosen() const { return app_->parsed(); }
  absl::Status Run();

 private:
  CLI::App* app_;
  std::string arpa_;
  std::string output_;
  std::string pronunciations_;  // empty: words are made of letters
  std::optional<float> other_words_;
};

}  // namespace rill
