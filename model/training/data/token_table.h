// From text to the token ids of a model whose tokens are single characters. Runs of blanks count as
// one; blanks at the ends do not count. Immutable; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "absl/status/statusor.h"

namespace rill::training {

class TokenTable {
 public:
  // tokens[0] is the CTC blank. Unimplemented if another is not one character.
  static absl::StatusOr<TokenTable> Create(const std::vector<std::string>& tokens);

  // InvalidArgument naming the character that is no token. `text` must be well-formed UTF-8.
  absl::StatusOr<std::vector<int32_t>> Encode(const std::string& text) const;

  // The id of " "; 0 if it is no token.
  int32_t space() const { return space_; }

 private:
  int32_t space_ = 0;
  std::unordered_map<std::string, int32_t> ids_;
};

}  // namespace rill::training
