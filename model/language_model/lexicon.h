// The words of a language model as a trie of letters (bytes) or of phones, in the file's memory.
// Immutable; any thread; any argument is safe. Its file must outlive it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "model/language_model/file_layout.h"
#include "model/language_model/packed_ints.h"

namespace rill {

using WordId = uint32_t;
inline constexpr WordId kUnknownWord = 0;    // <unk>: every word that the model does not know
inline constexpr WordId kSentenceStart = 1;  // <s>
inline constexpr WordId kSentenceEnd = 2;    // </s>
inline constexpr WordId kFirstWord = 3;      // then the words, see file_layout.h

class Lexicon {
 public:
  using Node = uint32_t;
  static constexpr Node kRoot = 0;
  static constexpr Node kNone = 0;  // the root is nobody's child

  Lexicon() = default;
  Lexicon(const uint8_t* file, const LmCounts& counts, const LmLayout& layout);

  // Whether the trie is one: every node but the root one node's child, letters rising, the words in
  // the order of their bytes; whether phones have names and words different spellings.
  // InvalidArgument naming the section. Then finds what words(), Likeliest and Find tell.
  absl::Status Check();

  // By byte - 1: what the trie's bytes stand for. Empty: words are made of letters.
  absl::Span<const std::string> phones() const { return phones_; }

  Node Child(Node node, uint8_t symbol) const;  // kNone if there is none
  WordId word(Node node) const;  // the first word that ends here; kUnknownWord if none
  // How many words end here, from word(node) on; of letters 0 or 1.
  int homophones(Node node) const;
  // The highest unigram log10 probability of the words at and below a node: an upper bound while
  // a word is not whole.
  float best(Node node) const;

  // The words at and below a node, which lie side by side.
  struct Words {
    WordId first = 1, last = 0;  // none
  };
  Words words(Node node) const { return node < ranges_.size() ? ranges_[node] : Words{}; }

  // Of the words at and below a node the one with the highest unigram probability, the first of
  // such; kUnknownWord if there is none.
  WordId Likeliest(Node node) const {
    return node < likeliest_.size() ? likeliest_[node] : kUnknownWord;
  }

  // With phones only, else empty, as they are for <unk>, <s>, </s> and what is no word: how a word
  // is written (valid as long as the file), and the bytes that lead to it (empty, too, if it has
  // no pronunciation).
  std::string_view Spelling(WordId word) const;
  std::string Pronunciation(WordId word) const;

  WordId Find(std::string_view spelling) const;  // kUnknownWord if it is not there
  // How many of the words are made of these tokens; 0 if they are made of phones.
  uint64_t CountSpelt(absl::Span<const std::string> tokens) const;
  uint32_t nodes() const { return nodes_; }

 private:
  struct Children {
    Node begin = 0, end = 0;
  };

  absl::Status CheckNodes() const;
  absl::Status FindRanges();  // and whether the words are in order
  void FindLikeliest();
  absl::Status ReadPhones();
  absl::Status ReadSpellings();

  Children children(Node node) const;  // of a node that is there
  // Where `letters` lead from `node`; kNone if nowhere.
  Node Walk(Node node, std::string_view letters) const;

  uint32_t nodes_ = 0;
  uint32_t vocabulary_ = 0;
  const uint8_t* letters_ = nullptr;
  PackedInts children_, words_;
  const uint8_t* best_ = nullptr;
  const uint8_t* unigrams_ = nullptr;  // floats [vocabulary]
  uint32_t phone_count_ = 0;
  uint32_t spelling_bytes_ = 0;
  const uint8_t* phone_names_ = nullptr;
  PackedInts spelling_firsts_;
  const char* spellings_ = nullptr;
  // Found on opening.
  std::vector<Words> ranges_;      // [nodes]
  std::vector<WordId> likeliest_;  // [nodes]
  std::vector<std::string> phones_;
  std::vector<WordId> by_spelling_;  // the words, sorted
};

}  // namespace rill
