// The words of a language model as a trie of letters (bytes), in the file's memory. Immutable; any
// thread; any argument is safe. Its file must outlive it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "model/language_model/file_layout.h"
#include "model/language_model/packed_ints.h"

namespace rill {

using WordId = uint32_t;
inline constexpr WordId kUnknownWord = 0;    // <unk>: every word that the model does not know
inline constexpr WordId kSentenceStart = 1;  // <s>
inline constexpr WordId kSentenceEnd = 2;    // </s>
inline constexpr WordId kFirstWord = 3;      // then the words in the order of their bytes

class Lexicon {
 public:
  using Node = uint32_t;
  static constexpr Node kRoot = 0;
  static constexpr Node kNone = 0;  // the root is nobody's child

  Lexicon() = default;
  Lexicon(const uint8_t* file, const LmCounts& counts, const LmLayout& layout);

  // Whether the trie is one: every node but the root one node's child, letters rising, the words in
  // the order of their bytes. InvalidArgument naming the section. Then finds what words() tells.
  absl::Status Check();

  Node Child(Node node, uint8_t letter) const;  // kNone if there is none
  WordId word(Node node) const;                 // the word that ends here; kUnknownWord if none
  // The highest unigram log10 probability of the words at and below a node: an upper bound while
  // a word is not whole.
  float best(Node node) const;

  // The words at and below a node, which lie side by side.
  struct Words {
    WordId first = 1, last = 0;  // none
  };
  Words words(Node node) const { return node < ranges_.size() ? ranges_[node] : Words{}; }

  WordId Find(std::string_view word) const;  // kUnknownWord if it is not there
  // How many of the words are made of these tokens.
  uint64_t CountSpelt(absl::Span<const std::string> tokens) const;
  uint32_t nodes() const { return nodes_; }

 private:
  // Where `letters` lead from `node`; kNone if nowhere.
  Node Walk(Node node, std::string_view letters) const;

  uint32_t nodes_ = 0;
  uint32_t vocabulary_ = 0;
  const uint8_t* letters_ = nullptr;
  PackedInts children_, words_;
  const uint8_t* best_ = nullptr;
  std::vector<Words> ranges_;  // [nodes]
};

}  // namespace rill
