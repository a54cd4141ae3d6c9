#include "model/language_model/lexicon.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "model/file/utf8.h"
#include "model/language_model/pronunciations.h"

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
      best_(file + layout.best),
      unigrams_(file + layout.orders[0].log_probs),
      phone_count_(counts.phones),
      spelling_bytes_(counts.spelling_bytes),
      phone_names_(file + layout.phone_names),
      spelling_firsts_(file + layout.spelling_firsts, layout.spelling_firsts_width),
      spellings_(reinterpret_cast<const char*>(file) + layout.spellings) {}

absl::Status Lexicon::Check() {
  if (absl::Status status = CheckNodes(); !status.ok()) return status;
  if (absl::Status status = FindRanges(); !status.ok()) return status;
  FindLikeliest();
  if (phone_count_ == 0) return absl::OkStatus();
  if (absl::Status status = ReadPhones(); !status.ok()) return status;
  return ReadSpellings();
}

absl::Status Lexicon::CheckNodes() const {
  if (children_[0] != 1) return LexiconError("firsts", 0, "the root's children do not come next");
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
    if (phone_count_ > 0 && node != kRoot && (letters_[node] - 1u) >= phone_count_) {
      return LexiconError("letters", node, "is no phone");
    }
    const WordId word = words_[node];
    if (word != kUnknownWord && (word < kFirstWord || word >= vocabulary_ || node == kRoot)) {
      return LexiconError("words", node, absl::StrCat("word ", word, " cannot end here"));
    }
    if (const float value = best(node); !std::isfinite(value) || value > 0) {
      return LexiconError("best", node, "is not a log10 probability");
    }
  }
  if (children_[nodes_] != nodes_) {
    return LexiconError("firsts", nodes_, "nodes are left over");
  }
  return absl::OkStatus();
}

// Children come after their parents: first words from the leaves up, last ones from the root down.
absl::Status Lexicon::FindRanges() {
  ranges_.assign(nodes_, Words{});
  if (nodes_ == 1) return absl::OkStatus();
  for (Node node = nodes_; node-- > 0;) {
    const auto [begin, end] = children(node);
    const WordId word = words_[node];
    if (word == kUnknownWord && begin == end) {
      return LexiconError("words", node, "no word ends here, and nothing goes on from it");
    }
    ranges_[node].first = word != kUnknownWord ? word : ranges_[begin].first;
  }
  ranges_[kRoot].last = vocabulary_ - 1;
  for (Node node = 0; node < nodes_; ++node) {
    const Words range = ranges_[node];
    const bool ends_here = words_[node] != kUnknownWord;
    const auto [begin, end] = children(node);
    WordId next = range.last + 1;  // the first word after those of the nodes not seen yet
    for (Node child = end; child-- > begin;) {
      Words& below = ranges_[child];
      if (below.first >= next) {
        return LexiconError("words", child, "are not in the order of their bytes");
      }
      below.last = next - 1;
      next = below.first;
    }
    if (ends_here && range.first >= next) {
      return LexiconError("words", node, "are not in the order of their bytes");
    }
    if (ends_here && phone_count_ == 0 && next - range.first > 1) {
      return LexiconError("words", node, "several end here");
    }
  }
  return absl::OkStatus();
}

void Lexicon::FindLikeliest() {
  likeliest_.assign(nodes_, kUnknownWord);
  for (Node node = nodes_; node-- > 0;) {
    WordId& likeliest = likeliest_[node];
    const auto take = [&](WordId word) {
      if (word == kUnknownWord) return;
      if (likeliest == kUnknownWord || FloatAt(unigrams_, word) > FloatAt(unigrams_, likeliest)) {
        likeliest = word;
      }
    };
    for (int i = 0, count = homophones(node); i < count; ++i) take(ranges_[node].first + i);
    const auto [begin, end] = children(node);
    for (Node child = begin; child < end; ++child) take(likeliest_[child]);
  }
}

absl::Status Lexicon::ReadPhones() {
  const auto is_zero = [](char byte) { return byte == 0; };
  for (uint32_t i = 0; i < phone_count_; ++i) {
    const std::string_view field(reinterpret_cast<const char*>(phone_names_) + kMaxPhoneBytes * i,
                                 kMaxPhoneBytes);
    const std::string_view name = field.substr(0, field.find('\0'));
    if (!IsPhoneName(name) || !std::all_of(field.begin() + name.size(), field.end(), is_zero) ||
        (i > 0 && phones_.back() >= name)) {
      return absl::InvalidArgumentError(
          absl::StrCat("phones names: phone ", i + 1, ": is no name or out of order"));
    }
    phones_.emplace_back(name);
  }
  return absl::OkStatus();
}

absl::Status Lexicon::ReadSpellings() {
  const auto error = [](WordId word, absl::string_view problem) {
    return absl::InvalidArgumentError(absl::StrCat("spellings: word ", word, ": ", problem));
  };
  if (spelling_firsts_[0] != 0 || spelling_firsts_[kFirstWord] != 0 ||
      spelling_firsts_[vocabulary_] != spelling_bytes_) {
    return absl::InvalidArgumentError("spellings firsts: do not cover the words' bytes");
  }
  for (WordId word = 0; word < vocabulary_; ++word) {
    const uint32_t begin = spelling_firsts_[word], end = spelling_firsts_[word + 1];
    if (begin > end || end > spelling_bytes_ || end - begin > kMaxWordBytes) {
      return error(word, "has a wrong length");
    }
    if (word < kFirstWord) continue;
    const std::string spelling(Spelling(word));
    if (spelling.empty() || spelling.find_first_of(" \t\n") != std::string::npos ||
        !IsValidUtf8(spelling)) {
      return error(word, "is not a word in UTF-8");
    }
    by_spelling_.push_back(word);
  }
  std::sort(by_spelling_.begin(), by_spelling_.end(),
            [this](WordId a, WordId b) { return Spelling(a) < Spelling(b); });
  const auto twice =
      std::adjacent_find(by_spelling_.begin(), by_spelling_.end(),
                         [this](WordId a, WordId b) { return Spelling(a) == Spelling(b); });
  if (twice != by_spelling_.end()) return error(*twice, "is there twice");
  return absl::OkStatus();
}

// Checked on opening; once more, because the file could be written to since.
Lexicon::Children Lexicon::children(Node node) const {
  const uint32_t begin = children_[node], end = std::min(children_[node + 1], nodes_);
  return node < begin && begin < end ? Children{begin, end} : Children{};
}

Lexicon::Node Lexicon::Child(Node node, uint8_t symbol) const {
  if (node >= nodes_) return kNone;
  const auto [begin, end] = children(node);
  if (begin == end) return kNone;
  const void* found = std::memchr(letters_ + begin, symbol, end - begin);
  if (found == nullptr) return kNone;
  return static_cast<Node>(static_cast<const uint8_t*>(found) - letters_);
}

WordId Lexicon::word(Node node) const { return node < nodes_ ? words_[node] : kUnknownWord; }

int Lexicon::homophones(Node node) const {
  if (word(node) == kUnknownWord) return 0;
  const auto [begin, end] = children(node);
  const Words range = ranges_[node];
  const WordId after = begin < end ? ranges_[begin].first : range.last + 1;
  return after > range.first ? static_cast<int>(after - range.first) : 0;
}

float Lexicon::best(Node node) const {
  if (node >= nodes_) return 0;
  return FloatAt(best_, node);
}

std::string_view Lexicon::Spelling(WordId word) const {
  if (phone_count_ == 0 || word >= vocabulary_) return {};
  const uint32_t begin = spelling_firsts_[word];
  const uint32_t end = std::min(spelling_firsts_[word + 1], spelling_bytes_);
  return begin < end ? std::string_view(spellings_ + begin, end - begin) : std::string_view();
}

std::string Lexicon::Pronunciation(WordId word) const {
  const Words all = words(kRoot);
  if (phone_count_ == 0 || word < all.first || word > all.last) return {};
  std::string phones;
  for (Node node = kRoot;;) {
    const auto [begin, end] = children(node);
    const auto child = std::partition_point(ranges_.begin() + begin, ranges_.begin() + end,
                                            [word](Words below) { return below.last < word; });
    if (child == ranges_.begin() + end || child->first > word) return phones;
    node = static_cast<Node>(child - ranges_.begin());
    phones += static_cast<char>(letters_[node]);
  }
}

Lexicon::Node Lexicon::Walk(Node node, std::string_view letters) const {
  for (const char letter : letters) {
    node = Child(node, static_cast<uint8_t>(letter));
    if (node == kNone) break;
  }
  return node;
}

WordId Lexicon::Find(std::string_view spelling) const {
  if (phone_count_ == 0) return word(Walk(kRoot, spelling));
  const auto found = std::lower_bound(
      by_spelling_.begin(), by_spelling_.end(), spelling,
      [this](WordId word, std::string_view wanted) { return Spelling(word) < wanted; });
  return found != by_spelling_.end() && Spelling(*found) == spelling ? *found : kUnknownWord;
}

uint64_t Lexicon::CountSpelt(absl::Span<const std::string> tokens) const {
  if (phone_count_ > 0) return 0;
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
