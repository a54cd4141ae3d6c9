// A back-off n-gram language model with its lexicon, read in place from a memory-mapped file that
// `rill-lm build` makes from an ARPA file. Immutable after Open; any thread.
//
// Every field of the file is checked on opening: a cut, damaged or hostile file gives
// InvalidArgument that names the file and the field. No argument of any call can make it read
// outside the file.
//
// Log-probabilities are log10, as in ARPA files. With b the back-off weight and h' the history h
// without its oldest word:
//   p(w | h) = p(h w) if the n-gram is there, else b(h) p(w | h'), b being 1 if h is not there.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "model/file/mapped_file.h"
#include "model/language_model/file_layout.h"
#include "model/language_model/lexicon.h"
#include "model/language_model/packed_ints.h"

namespace rill {

class LanguageModel {
 public:
  // The words before, the newest first. Equal states give equal scores for ever after.
  struct State {
    std::array<WordId, kMaxNgramOrder - 1> words{};
    int length = 0;
    bool operator==(const State&) const = default;
  };

  // What may come after some words, the next one begun: of each length of history, the n-grams that
  // go on from it with a word that begins like that. Plain value.
  struct LookAhead {
    struct Range {
      uint32_t begin = 0, end = 0;
      float back_off = 0;  // of the history
    };
    std::array<Range, kMaxNgramOrder - 1> ranges;  // [words of history - 1]
  };

  static absl::StatusOr<std::unique_ptr<LanguageModel>> Open(const std::string& path);

  State Begin() const;  // after <s>; a State of no words is one of which nothing is known

  // log10 p(word | state). `next`, if not null, becomes the state after `word`; may be `&state`.
  float Score(const State& state, WordId word, State* next) const;

  // Of a word of which nothing is known yet.
  LookAhead After(const State& state) const;
  // Of one that begins like `node`; before, like one of the nodes above it.
  void Narrow(Lexicon::Node node, LookAhead* ahead) const;
  // The highest log10 p(word | state) of the words at and below `node`, to which `ahead` is
  // narrowed. No less than any of them; more only if an n-gram is less likely than its back-off
  // would be, which interpolated models do not have. Never rises from a node to its children.
  float Best(const LookAhead& ahead, Lexicon::Node node) const;

  const Lexicon& lexicon() const { return lexicon_; }
  int order() const { return counts_.order; }
  const LmCounts& counts() const { return counts_; }
  uint64_t bytes() const { return layout_.total; }
  const std::string& hash() const { return hash_; }  // the header's, 64 hexadecimal digits

 private:
  static constexpr uint64_t kNotThere = ~uint64_t{0};

  // One order's n-grams.
  struct Table {
    uint64_t count = 0;
    PackedInts words, firsts;
    const uint8_t* log_probs = nullptr;
    const uint8_t* back_offs = nullptr;  // null at the highest order, as firsts are
    const uint8_t* log_prob_codes = nullptr;
    const uint8_t* back_off_codes = nullptr;
  };

  LanguageModel(std::unique_ptr<MappedFile> file, const LmCounts& counts);
  absl::Status Check();
  absl::Status CheckTable(int i) const;

  // Index in tables_[i + 1] of the n-gram that goes on from n-gram `parent` of tables_[i] with
  // `word`.
  uint64_t FindChild(int i, uint64_t parent, WordId word) const;
  // Index in tables_[length - 1] of the history of the newest `length` words.
  uint64_t FindHistory(const State& state, int length) const;
  // Whether what comes can tell `state` from one without its oldest word.
  bool Matters(const State& state) const;
  float LogProb(int i, uint64_t index) const;
  float BackOff(int i, uint64_t index) const;

  const std::unique_ptr<MappedFile> file_;
  const LmCounts counts_;
  const LmLayout layout_;
  std::array<Table, kMaxNgramOrder> tables_;
  Lexicon lexicon_;
  std::string hash_;
};

}  // namespace rill
