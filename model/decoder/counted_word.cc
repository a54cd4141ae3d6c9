#include "model/decoder/counted_word.h"

#include <algorithm>
#include <cmath>

namespace rill {
namespace {

float GeometricMean(double log_prob_sum, int64_t tokens) {
  if (tokens == 0) return 0;
  return static_cast<float>(std::min(1.0, std::exp(log_prob_sum / static_cast<double>(tokens))));
}

}  // namespace

Hypothesis ToHypothesis(absl::Span<const CountedWord> words) {
  Hypothesis hypothesis;
  double log_prob_sum = 0;
  int64_t tokens = 0;
  for (const CountedWord& counted : words) {
    hypothesis.words.push_back(counted.word);
    hypothesis.words.back().confidence = GeometricMean(counted.log_prob_sum, counted.tokens);
    log_prob_sum += counted.log_prob_sum;
    tokens += counted.tokens;
  }
  hypothesis.text = JoinWords(hypothesis.words);
  hypothesis.confidence = GeometricMean(log_prob_sum, tokens);
  return hypothesis;
}

}  // namespace rill
