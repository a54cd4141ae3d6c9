// rill-decode-eval times: word times against a forced alignment of the text that was said. Used by
// one thread at a time.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "tests/bench/decoding/evaluation.h"

namespace rill {

struct TimesCommand {
  std::vector<std::string> decoders = {"greedy", "open"};
  int reference_chunk = 16;  // encoder frames of the alignment's log-probabilities

  absl::Status Run(const Evaluation& evaluation) const;
};

}  // namespace rill
