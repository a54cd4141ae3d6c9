#include "model/language_model/lexicon.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "absl/strings/str_cat.h"

namespace rill {
namespace {

absl::Status LexiconError(absl::string_view section, uint32_t node, absl::string_view problem) {
  return absl::InvalidArgumentError(
      absl::StrCat("lexicon ", section, ": node ", node, ": ", problem));
}

}  // namespace

Lexicon::Lexicon(const uint8_t* file, const LmCounts& counts, const LmLayout& layout)
    : nodes_(static_cast<uint32_t>(counts.lexicon_nodes)),
      vocabulary_(static_cast<uint32_t>(counts.ngrams[0])),
      letters_(file + layout.letters),
      children_(file + layout.children, layout.children_width),
      words_(file + layout.node_words, layout.word_width),
      best_(file + layout.best) {}

absl::Status Lexicon::Check() {
  if (children_[0] != 1) return LexiconError("firsts", 0, "the root's children do not come next");
  std::vector<bool> seen(vocabulary_);
  for (uint32_t node = 0; node < nodes_; ++node) {
    const uint32_t begin = children_[node], end = children_[node + 1];
    if (begin > end || end > nodes_ || (begin < end && begin <= node)) {
      return LexiconError("firsts", node, "its children are not further nodes in a row");
    }
    for (uint32_t child = begin + 1; child < end; ++child) {
      if (letters_[child - 1] >= letters_[child]) {
        return LexiconError("letters", child, "does not rise");
      }
    }
    const WordId word = words_[node];
    if (word != kUnknownWord &&
        (word < kFirstWord || word >= vocabulary_ || seen[word] || node == kRoot)) {
      return LexiconError("words", node, absl::StrCat("word ", word, " cannot end here"));
    }
    seen[word] = true;
    if (const float value = best(node); !std::isfinite(value) || value > 0) {
      return LexiconError("best", node, "is not a log10 probability");
    }
  }
  if (children_[nodes_] != nodes_) {
    return LexiconError("firsts", nodes_, "nodes are left over");
  }
  // Children come after their parents.
  ranges_.assign(nodes_, Words{});
  for (Node node = nodes_; node-- > 0;) {
    Words& range = ranges_[node];
    if (const WordId word = words_[node]; word != kUnknownWord) range = {word, word};
    for (Node child = children_[node]; child < children_[node + 1]; ++child) {
      const Words below = ranges_[child];
      if (below.first > below.last) continue;
      if (range.first <= range.last && below.first <= range.last) {
        return LexiconError("words", child, "are not in the order of their bytes");
      }
      range = {range.first <= range.last ? range.first : below.first, below.last};
    }
  }
  return absl::OkStatus();
}

Lexicon::Node Lexicon::Child(Node node, uint8_t letter) const {
  if (node >= nodes_) return kNone;
  // Checked on opening; once more, because the file could be written to since.
  const uint32_t begin = children_[node], end = std::min(children_[node + 1], nodes_);
  if (begin >= end) return kNone;
  const void* found = std::memchr(letters_ + begin, letter, end - begin);
  if (found == nullptr) return kNone;
  return static_cast<Node>(static_cast<const uint8_t*>(found) - letters_);
}

WordId Lexicon::word(Node node) const { return node < nodes_ ? words_[node] : kUnknownWord; }

float Lexicon::best(Node node) const {
  if (node >= nodes_) return 0;
  return FloatAt(best_, node);
}

Lexicon::Node Lexicon::Walk(Node node, std::string_view letters) const {
  for (const char letter : letters) {
    node = Child(node, static_cast<uint8_t>(letter));
    if (node == kNone) break;
  }
  return node;
}

WordId Lexicon::Find(std::string_view word) const { return this->word(Walk(kRoot, word)); }

uint64_t Lexicon::CountSpelt(absl::Span<const std::string> tokens) const {
  std::vector<bool> reached(nodes_);
  std::vector<Node> open{kRoot};
  uint64_t words = 0;
  while (!open.empty()) {
    const Node node = open.back();
    open.pop_back();
    words += word(node) != kUnknownWord ? 1 : 0;
    for (const std::string& token : tokens) {
      const Node next = Walk(node, token);
      if (token.empty() || next == kNone || reached[next]) continue;
      reached[next] = true;
      open.push_back(next);
    }
  }
  return words;
}

}  // namespace rill
