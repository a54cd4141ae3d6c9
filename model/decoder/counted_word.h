// Words with what their confidences are made of: a letter's probability is the highest the model
// gave it while it was being said; a word's confidence is the geometric mean over its letters, a
// hypothesis's that over all letters of all its words. Plain values; any thread.
//
// These are the model's own figures, not calibrated: CTC models are surer of themselves than they
// are right.
#pragma once

#include <vector>

#include "absl/types/span.h"
#include "model/decoder/hypothesis.h"
#include "model/state/state_reader.h"
#include "model/state/state_writer.h"

namespace rill {

struct CountedWord {
  Word word;  // its confidence is not set
  double log_prob_sum = 0;
  float least_log_prob = 0;  // of one token
  int tokens = 0;
};

Hypothesis ToHypothesis(absl::Span<const CountedWord> words);

void Save(absl::Span<const CountedWord> words, StateWriter& writer);
std::vector<CountedWord> LoadCountedWords(StateReader& reader);

}  // namespace rill
