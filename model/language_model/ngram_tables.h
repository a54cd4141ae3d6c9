// All n-grams of an ARPA file in memory, checked and sorted, as the builder needs them. Used by one
// thread at a time.
//
// Whatever an n-gram begins with is there: what a file, pruned or pieced together, leaves out is
// added with the score that backing off gives it, so that all scores stay as they are.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "absl/status/status.h"
#include "model/language_model/arpa_reader.h"
#include "model/language_model/lexicon.h"
#include "model/language_model/pronunciations.h"

namespace rill {

struct Ngram {
  std::array<WordId, kMaxNgramOrder> words{};
  float log_prob = 0;
  float back_off = 0;
};

class NgramTables {
 public:
  // InvalidArgument naming the file, and the line or the n-gram; see BuildLanguageModel.
  // `pronunciations`: null if words are made of letters; must outlive this. `other_words`: a log10
  // probability, then its words that are no 1-grams of the file become 1-grams of that.
  absl::Status Read(const std::string& path, const Pronunciations* pronunciations,
                    std::optional<float> other_words, const std::function<void(double)>& progress);

  int order() const { return order_; }
  uint64_t other_words() const { return other_words_; }  // that were added
  // Of order i + 1, sorted by their words; order 1 has the index as word.
  const std::vector<Ngram>& table(int i) const { return tables_[i]; }
  // By id; the first kFirstWord are <unk>, <s>, </s>, the others sorted by their keys, then by
  // their bytes.
  const std::vector<std::string>& words() const { return words_; }
  // By id, as long as this: what leads to a word in the lexicon, its letters or its phones; empty
  // if nothing does.
  const std::vector<std::string_view>& keys() const { return keys_; }

 private:
  absl::Status AddWord(const ArpaReader& reader, const ArpaNgram& ngram);
  absl::Status AddOtherWords(const ArpaReader& reader, float log_prob);
  absl::Status NumberWords(const ArpaReader& reader);
  std::string_view KeyOf(const std::string& word) const;
  absl::Status Add(const ArpaReader& reader, const ArpaNgram& ngram);
  absl::Status SortAndCheck(int i, const std::string& path);
  // What tables_[i]'s n-grams begin with, where tables_[i - 1] does not have it; then the scores of
  // what was added, once the shorter ones have theirs.
  absl::Status AddPrefixes(int i, const std::string& path);
  void ScoreAdded(int i);
  const Ngram* Find(const WordId* words, int count) const;  // null: not there
  std::string Spell(const Ngram& ngram, int order) const;

  const Pronunciations* pronunciations_ = nullptr;
  int order_ = 0;
  uint64_t other_words_ = 0;
  std::array<std::vector<Ngram>, kMaxNgramOrder> tables_;
  std::vector<std::string> words_;
  std::vector<std::string_view> keys_;  // of ids_ or pronunciations_
  std::unordered_map<std::string, WordId> ids_;
};

}  // namespace rill
