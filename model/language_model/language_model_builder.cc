#include "model/language_model/language_model_builder.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "model/file/atomic_file.h"
#include "model/language_model/codebook.h"
#include "model/language_model/ngram_tables.h"
#include "model/language_model/packed_ints.h"
#include "model/language_model/pronunciations.h"

namespace rill {
namespace {

// Reading and sorting, the rest being writing.
constexpr double kReadShare = 0.95;

struct TrieNode {
  uint8_t letter = 0;
  uint32_t first_child = 0;
  WordId word = kUnknownWord;
  float best = 0;
};

// Breadth first, so that a node's children lie side by side.
std::vector<TrieNode> MakeTrie(const NgramTables& tables) {
  const std::vector<std::string_view>& keys = tables.keys();
  struct Range {
    size_t begin, end;  // the words below a node
    size_t depth;
  };
  std::vector<TrieNode> nodes(1);
  size_t first = kFirstWord;
  while (first < keys.size() && keys[first].empty()) ++first;
  std::vector<Range> ranges{{first, keys.size(), 0}};
  for (size_t i = 0; i < nodes.size(); ++i) {
    auto [at, end, depth] = ranges[i];
    nodes[i].first_child = static_cast<uint32_t>(nodes.size());
    if (at < end && keys[at].size() == depth) nodes[i].word = static_cast<WordId>(at);
    while (at < end && keys[at].size() == depth) ++at;
    while (at < end) {
      const char letter = keys[at][depth];
      const size_t begin = at;
      while (at < end && keys[at][depth] == letter) ++at;
      TrieNode child;
      child.letter = static_cast<uint8_t>(letter);
      nodes.push_back(child);
      ranges.push_back({begin, at, depth + 1});
    }
  }
  for (size_t i = 0; i < nodes.size(); ++i) {
    float best = -kMaxLog10;
    for (size_t word = ranges[i].begin; word < ranges[i].end; ++word) {
      best = std::max(best, tables.table(0)[word].log_prob);
    }
    nodes[i].best = best;
  }
  return nodes;
}

// Fills the sections of a file that is laid out already.
class Writer {
 public:
  // `phones`: their names; empty if words are made of letters.
  Writer(const NgramTables& tables, const std::vector<TrieNode>& trie,
         absl::Span<const std::string> phones, LmBuildReport* report)
      : tables_(tables), trie_(trie), phones_(phones), layout_(report->counts), report_(*report) {
    file_.assign(layout_.total, '\0');
  }

  std::string Write() && {
    WriteWords();
    for (int i = 1; i < tables_.order(); ++i) WriteTable(i);
    for (int i = 0; i + 1 < tables_.order(); ++i) WriteFirsts(i);
    WriteLexicon();
    if (!phones_.empty()) WritePhones();
    WriteLmHeader(report_.counts, absl::MakeSpan(at(0), file_.size()));
    return std::move(file_);
  }

 private:
  uint8_t* at(uint64_t offset) { return reinterpret_cast<uint8_t*>(file_.data()) + offset; }
  void StoreFloat(uint64_t offset, uint64_t index, float value) {
    std::memcpy(at(offset) + sizeof(float) * index, &value, sizeof(value));
  }

  void WriteWords() {
    const std::vector<Ngram>& words = tables_.table(0);
    for (size_t k = 0; k < words.size(); ++k) {
      StoreFloat(layout_.orders[0].log_probs, k, words[k].log_prob);
      if (tables_.order() > 1) StoreFloat(layout_.orders[0].back_offs, k, words[k].back_off);
    }
  }

  void WriteTable(int i) {
    const std::vector<Ngram>& table = tables_.table(i);
    const LmLayout::Order& order = layout_.orders[i];
    for (size_t k = 0; k < table.size(); ++k) {
      StorePacked(at(order.words), layout_.word_width, k, table[k].words[i]);
    }
    WriteCodes(table, &Ngram::log_prob, /*keep_zero=*/false, order.log_probs, order.log_prob_codes,
               &report_.log_probs[i]);
    if (i + 1 == tables_.order()) return;
    WriteCodes(table, &Ngram::back_off, /*keep_zero=*/true, order.back_offs, order.back_off_codes,
               &report_.back_offs[i]);
  }

  void WriteCodes(const std::vector<Ngram>& table, float Ngram::*field, bool keep_zero,
                  uint64_t codes, uint64_t codebook, QuantizationLoss* loss) {
    std::vector<float> values;
    values.reserve(table.size());
    for (const Ngram& ngram : table) values.push_back(ngram.*field);
    const Codebook book(std::move(values), keep_zero);
    for (int code = 0; code < kCodes; ++code) StoreFloat(codebook, code, book.values()[code]);
    for (size_t k = 0; k < table.size(); ++k) {
      const uint8_t code = book.Encode(table[k].*field);
      *at(codes + k) = code;
      const double error = std::abs(double{table[k].*field} - book.values()[code]);
      loss->mean += error / static_cast<double>(table.size());
      loss->max = std::max(loss->max, error);
    }
  }

  // Both orders are sorted, so the n-grams that go on from one lie side by side, in its order.
  void WriteFirsts(int i) {
    const std::vector<Ngram>& table = tables_.table(i);
    const std::vector<Ngram>& next = tables_.table(i + 1);
    const LmLayout::Order& order = layout_.orders[i];
    size_t first = 0;
    for (size_t k = 0; k < table.size(); ++k) {
      StorePacked(at(order.firsts), order.firsts_width, k, static_cast<uint32_t>(first));
      const auto& words = table[k].words;
      while (first < next.size() &&
             std::equal(words.begin(), words.begin() + i + 1, next[first].words.begin())) {
        ++first;
      }
    }
    StorePacked(at(order.firsts), order.firsts_width, table.size(), static_cast<uint32_t>(first));
  }

  void WriteLexicon() {
    for (size_t k = 0; k < trie_.size(); ++k) {
      *at(layout_.letters + k) = trie_[k].letter;
      StorePacked(at(layout_.children), layout_.children_width, k, trie_[k].first_child);
      StorePacked(at(layout_.node_words), layout_.word_width, k, trie_[k].word);
      StoreFloat(layout_.best, k, trie_[k].best);
    }
    StorePacked(at(layout_.children), layout_.children_width, trie_.size(),
                static_cast<uint32_t>(trie_.size()));
  }

  void WritePhones() {
    for (size_t i = 0; i < phones_.size(); ++i) {
      phones_[i].copy(file_.data() + layout_.phone_names + kMaxPhoneBytes * i, kMaxPhoneBytes);
    }
    const std::vector<std::string>& words = tables_.words();
    uint32_t first = 0;
    for (size_t k = 0; k < words.size(); ++k) {
      StorePacked(at(layout_.spelling_firsts), layout_.spelling_firsts_width, k, first);
      if (k < kFirstWord) continue;
      words[k].copy(file_.data() + layout_.spellings + first, words[k].size());
      first += static_cast<uint32_t>(words[k].size());
    }
    StorePacked(at(layout_.spelling_firsts), layout_.spelling_firsts_width, words.size(), first);
  }

  const NgramTables& tables_;
  const std::vector<TrieNode>& trie_;
  const absl::Span<const std::string> phones_;
  const LmLayout layout_;
  LmBuildReport& report_;
  std::string file_;
};

}  // namespace

absl::StatusOr<LmBuildReport> BuildLanguageModel(const std::string& arpa_path,
                                                 const std::string& output_path,
                                                 const std::function<void(double)>& progress,
                                                 const std::string& pronunciations_path,
                                                 std::optional<float> other_words) {
  if (other_words && pronunciations_path.empty()) {
    return absl::InvalidArgumentError("other words: there are no pronunciations to take them from");
  }
  if (other_words && !(*other_words > kZeroLog10 && *other_words <= 0)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "other words: the log10 probability ", *other_words, " is not in (", kZeroLog10, ", 0]"));
  }
  absl::StatusOr<Pronunciations> pronunciations = Pronunciations();
  if (!pronunciations_path.empty()) pronunciations = Pronunciations::Read(pronunciations_path);
  if (!pronunciations.ok()) return pronunciations.status();
  const std::vector<std::string>& phones = pronunciations->phones();
  NgramTables tables;
  const auto reading = [&progress](double done) {
    if (progress) progress(kReadShare * done);
  };
  absl::Status status =
      tables.Read(arpa_path, phones.empty() ? nullptr : &*pronunciations, other_words, reading);
  if (!status.ok()) return status;
  const std::vector<TrieNode> trie = MakeTrie(tables);
  LmBuildReport report;
  report.other_words = tables.other_words();
  for (size_t word = kFirstWord; word < tables.words().size(); ++word) {
    report.unheard += tables.keys()[word].empty() ? 1 : 0;
    if (!phones.empty()) report.counts.spelling_bytes += tables.words()[word].size();
  }
  if (!phones.empty() && trie.size() == 1) {
    return absl::InvalidArgumentError(
        absl::StrCat(pronunciations_path, ": has none of the words of ", arpa_path,
                     "; are they written alike, in lower case or not?"));
  }
  report.counts.phones = static_cast<uint32_t>(phones.size());
  report.counts.order = tables.order();
  for (int i = 0; i < tables.order(); ++i) report.counts.ngrams[i] = tables.table(i).size();
  report.counts.lexicon_nodes = trie.size();
  if (trie.size() > kMaxEntries) {
    return absl::InvalidArgumentError(absl::StrCat(arpa_path, ": the words have too many letters"));
  }
  const std::string file = Writer(tables, trie, phones, &report).Write();
  report.bytes = file.size();

  AtomicFile output(output_path);
  status = output.Open();
  if (status.ok()) status = output.Write(file);
  if (status.ok()) status = output.Commit();
  if (!status.ok()) return status;
  if (progress) progress(1);
  return report;
}

}  // namespace rill
