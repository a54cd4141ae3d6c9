// Word errors of many clips, and how far chance may have moved them. Pure functions; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "model/training/data/error_rate.h"

namespace rill::eval {

// One clip as it was heard.
struct Heard {
  std::string speaker;
  std::string reference;
  std::string hypothesis;
  double begin = 0;    // seconds since its stream began
  double seconds = 0;  // its length
  training::EditCounts words;
  // Live only: seconds from the end of a word to its first appearance, for each word.
  std::vector<double> latencies;
};

training::EditCounts Total(absl::Span<const Heard> clips);

// Where 95 % of the error rates lie that other clips of the same kind would have given: the
// percentile bootstrap over speakers or, if there are fewer than 20, over clips (Bisani and Ney,
// "Bootstrap estimates for confidence intervals in ASR performance evaluation", ICASSP 2004).
struct Interval {
  double low = 0, high = 0;  // percent
};
Interval Bootstrap(absl::Span<const Heard> clips, int draws = 1000);

// percent: 0 to 100; of the sorted values. 0 if there are none.
double Percentile(std::vector<double> values, double percent);

}  // namespace rill::eval
