// Chooses pieces of words for a model's tokens: SentencePiece's unigram model (T. Kudo, "Subword
// regularization", ACL 2018) of given texts. Pure function; any thread.
//
// The only file that includes SentencePiece, whose headers and Abseil's define one name differently
// (absl::string_view): hence errors as strings.
#pragma once

#include <string>
#include <vector>

namespace rill::training {

inline constexpr char kSpaceSign[] = "\xE2\x96\x81";  // U+2581: SentencePiece's, for a space

struct UnigramPiece {
  std::string text;  // with a space in front if it begins a word; " " itself is one
  float score = 0;   // log-probability
};

// `size` pieces at most, the blank counted as one; every character of the texts is one, whatever it
// costs. The same texts give the same pieces. Words are what stands between single spaces. Returns
// what is wrong, or "".
std::string MakeUnigramPieces(const std::vector<std::string>& texts, int size,
                              std::vector<UnigramPiece>* pieces);

}  // namespace rill::training
