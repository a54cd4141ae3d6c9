// From text to a model's token ids. Runs of blanks count as one; blanks at the ends do not count.
//
// Tokens are single characters, or pieces of words with a score each: then a space goes in front of
// every word, and a text is cut where the sum of its pieces' scores is highest, which is its most
// likely cut by a unigram model (T. Kudo, "Subword regularization", ACL 2018).
//
// Immutable; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "absl/status/statusor.h"

namespace rill::training {

class TokenTable {
 public:
  // tokens[0] is the CTC blank. `scores`: ModelConfig::token_scores. InvalidArgument if there are
  // none and a token is not one character.
  static absl::StatusOr<TokenTable> Create(const std::vector<std::string>& tokens,
                                           const std::vector<float>& scores = {});

  // InvalidArgument naming the character that no token has. `text` must be well-formed UTF-8.
  absl::StatusOr<std::vector<int32_t>> Encode(const std::string& text) const;

  // The id of " "; 0 if it is no token.
  int32_t space() const { return space_; }

 private:
  absl::StatusOr<std::vector<int32_t>> EncodeCharacters(std::string_view text) const;
  absl::StatusOr<std::vector<int32_t>> EncodePieces(std::string_view text) const;

  int32_t space_ = 0;
  std::unordered_map<std::string, int32_t> ids_;
  std::vector<float> scores_;  // [token]; empty: characters
  size_t longest_ = 0;         // bytes of a token
};

}  // namespace rill::training
