// Words with what their confidences are made of: a letter's probability is the highest the model
// gave it while it was being said; a word's confidence is the geometric mean over its letters, a
// hypothesis's that over all letters of all its words. Plain values; any thread.
//
// These are the model's own figures, not calibrated: CTC models are surer of themselves than they
// are right.
#pragma once

#include "absl/types/span.h"
#include "model/decoder/hypothesis.h"

namespace rill {

struct CountedWord {
  Word word;  // its confidence is not set
  double log_prob_sum = 0;
  int tokens = 0;
};

Hypothesis ToHypothesis(absl::Span<const CountedWord> words);

}  // namespace rill
