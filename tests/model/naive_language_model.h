// A back-off n-gram model evaluated word for word as ARPA files define it, without any thought for
// speed: what the tests hold the binary form against.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "model/language_model/arpa_reader.h"

namespace rill {

class NaiveLanguageModel {
 public:
  // False if the file cannot be read.
  bool Read(const std::string& arpa_path) {
    const auto reader = ArpaReader::Open(arpa_path);
    if (!reader.ok()) return false;
    order_ = (*reader)->order();
    ArpaNgram ngram;
    while (true) {
      const absl::StatusOr<bool> more = (*reader)->Next(&ngram);
      if (!more.ok()) return false;
      if (!*more) return true;
      std::string key;
      for (const std::string_view word : ngram.words) key += std::string(word) + " ";
      ngrams_[key] = {ngram.log_prob, ngram.back_off};
    }
  }

  bool Knows(const std::string& word) const { return ngrams_.count(word + " ") > 0; }

  // log10 p(word | history), the history's oldest word first, of any length.
  double Score(std::vector<std::string> history, const std::string& word) const {
    const size_t longest = static_cast<size_t>(order_ - 1);
    if (history.size() > longest) history.erase(history.begin(), history.end() - longest);
    std::string context;
    for (const std::string& before : history) context += before + " ";
    if (const auto found = ngrams_.find(context + word + " "); found != ngrams_.end()) {
      return found->second.log_prob;
    }
    if (history.empty()) return ngrams_.at("<unk> ").log_prob;
    const auto back_off = ngrams_.find(context);
    const double weight = back_off == ngrams_.end() ? 0 : back_off->second.back_off;
    history.erase(history.begin());
    return weight + Score(history, word);
  }

 private:
  struct Entry {
    double log_prob, back_off;
  };
  int order_ = 0;
  std::unordered_map<std::string, Entry> ngrams_;
};

}  // namespace rill
