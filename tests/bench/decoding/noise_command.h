// rill-decode-eval noise: the words heard where nobody speaks. Used by one thread at a time.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "tests/bench/decoding/evaluation.h"

namespace rill {

struct NoiseCommand {
  std::vector<std::string> decoders = {"greedy", "open", "lexicon"};
  std::vector<float> min_confidences = {0, 0.1f, 0.2f, 0.3f, 0.5f};
  bool show = false;  // the words

  absl::Status Run(const Evaluation& evaluation) const;
};

}  // namespace rill
