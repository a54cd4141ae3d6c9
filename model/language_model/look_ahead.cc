// The words that may come next, a letter at a time. The n-grams that go on from a history are
// sorted by their last word, and the words below a node of the lexicon are a range: so are those
// n-grams. Codes rise with their probabilities: the highest of a range is that of its highest code.
#include <algorithm>
#include <limits>

#include "model/language_model/language_model.h"

namespace rill {

LanguageModel::LookAhead LanguageModel::After(const State& state) const {
  LookAhead ahead;
  const int longest = std::clamp(state.length, 0, counts_.order - 1);
  for (int length = 1; length <= longest; ++length) {
    const uint64_t history = FindHistory(state, length);
    if (history == kNotThere) continue;
    const Table& table = tables_[length - 1];
    LookAhead::Range& range = ahead.ranges[length - 1];
    // Checked on opening; once more, because the file could be written to since.
    const auto count = static_cast<uint32_t>(tables_[length].count);
    range.end = std::min(table.firsts[history + 1], count);
    range.begin = std::min(table.firsts[history], range.end);
    range.back_off = BackOff(length - 1, history);
  }
  return ahead;
}

void LanguageModel::Narrow(Lexicon::Node node, LookAhead* ahead) const {
  const Lexicon::Words below = lexicon_.words(node);
  for (int i = 0; i + 1 < counts_.order; ++i) {
    LookAhead::Range& range = ahead->ranges[i];
    const PackedInts& words = tables_[i + 1].words;
    const auto first_not = [&words](uint32_t begin, uint32_t end, const auto& before) {
      while (begin < end) {
        const uint32_t middle = begin + (end - begin) / 2;
        if (before(words[middle])) {
          begin = middle + 1;
        } else {
          end = middle;
        }
      }
      return begin;
    };
    range.end = std::min(range.end, static_cast<uint32_t>(tables_[i + 1].count));
    range.begin = first_not(range.begin, range.end, [&](WordId at) { return at < below.first; });
    range.end = first_not(range.begin, range.end, [&](WordId at) { return at <= below.last; });
  }
}

float LanguageModel::Best(const LookAhead& ahead, Lexicon::Node node) const {
  float best = -std::numeric_limits<float>::infinity();
  float back_off = 0;  // in the order in which Score adds
  for (int i = counts_.order - 2; i >= 0; --i) {
    const LookAhead::Range& range = ahead.ranges[i];
    const auto end = std::min<uint64_t>(range.end, tables_[i + 1].count);
    if (range.begin < end) {
      const uint8_t* codes = tables_[i + 1].log_probs;
      uint8_t highest = 0;
      for (uint32_t k = range.begin; k < end; ++k) highest = std::max(highest, codes[k]);
      const float log_prob = FloatAt(tables_[i + 1].log_prob_codes, highest);
      best = std::max(best, back_off + log_prob);
    }
    back_off += range.back_off;
  }
  return std::max(best, back_off + lexicon_.best(node));
}

}  // namespace rill
