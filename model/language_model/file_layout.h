// Where everything lies in a language model file (*.rlm), from the counts in its header alone: the
// file holds no offsets that could be wrong. Pure; any thread. See
// docs/decisions/004-language-model-file.md.
//
// The header, little-endian, kHeaderBytes in all, the rest of it zero:
//   0    "rill.lm\n"
//   8    SHA-256 of all bytes from 72 on, 64 lower-case hexadecimal digits
//   72   version, 32 bits
//   76   order N, 32 bits
//   80   number of n-grams of order 1 to 5, 64 bits each; 0 above N
//   120  nodes of the lexicon, 64 bits
//   128  bytes of the file, 64 bits
//   136  version 2: number of phones, 32 bits
//   140  version 2: bytes of the spellings, 32 bits
//
// Words are made of letters in version 1, of phones in version 2: those are what leads through the
// lexicon, a byte each, a phone being its place among the phones' names + 1. Words are numbered in
// the order of the bytes that lead to them, so those below any node lie side by side, and where
// several sound alike (sorted by spelling) they follow each other, too. Words that have no
// pronunciation come before all others and are not in the lexicon.
//
// The sections, each on a multiple of 64 bytes with at least 4 bytes after it, zero. Integers are
// packed: 1 to 4 bytes each, as few as hold the largest.
//   order 1     log_probs, back_offs (N > 1): float [words]
//   order n > 1 words: packed [count], sorted below each parent; log_probs: a code each;
//               back_offs (n < N): a code each; the two codebooks: float [256] each
//   n < N       firsts: packed [count + 1]: the first n-gram of order n + 1 that goes on from each
//   lexicon     letters: a byte a node (or phones); firsts: packed [nodes + 1]: its first child;
//               words: packed [nodes]: the first word that ends there, 0 if none does; the last is
//               the one before the next node's (depth first), or the last of all; with letters it
//               is one; best: float [nodes]
// and in version 2
//   phones      names: 16 bytes each, zero after the name; sorted
//   spellings   firsts: packed [words + 1]: where each word's bytes begin; UTF-8, one after the
//               other; none for <unk>, <s> and </s>
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "model/language_model/arpa_reader.h"

namespace rill {

inline constexpr char kLmMagic[] = "rill.lm\n";
inline constexpr uint32_t kLettersVersion = 1;
inline constexpr uint32_t kPhonesVersion = 2;
inline constexpr size_t kHashOffset = 8;
inline constexpr size_t kHashedFrom = 72;
inline constexpr size_t kHeaderBytes = 192;
inline constexpr uint64_t kMaxWords = uint64_t{1} << 24;
inline constexpr uint64_t kMaxEntries = uint64_t{1} << 31;  // n-grams of an order, nodes

struct LmCounts {
  int order = 0;
  std::array<uint64_t, kMaxNgramOrder> ngrams{};
  uint64_t lexicon_nodes = 0;
  uint32_t phones = 0;  // 0: words are made of letters
  uint32_t spelling_bytes = 0;
  uint32_t version() const { return phones > 0 ? kPhonesVersion : kLettersVersion; }
};

struct LmLayout {
  explicit LmLayout(const LmCounts& counts);

  struct Order {
    uint64_t words = 0, log_probs = 0, back_offs = 0, firsts = 0;
    uint64_t log_prob_codes = 0, back_off_codes = 0;
    int firsts_width = 0;
  };
  std::array<Order, kMaxNgramOrder> orders;
  int word_width = 0;
  uint64_t letters = 0, children = 0, node_words = 0, best = 0;
  int children_width = 0;
  uint64_t phone_names = 0, spelling_firsts = 0, spellings = 0;  // if there are phones
  int spelling_firsts_width = 0;
  uint64_t total = 0;  // bytes of the file
};

// The header's counts, checked one by one and against the file's size. InvalidArgument naming the
// field.
absl::StatusOr<LmCounts> ReadLmHeader(absl::Span<const uint8_t> file);
// Into the first kHeaderBytes of a file whose other bytes are done.
void WriteLmHeader(const LmCounts& counts, absl::Span<uint8_t> file);

}  // namespace rill
