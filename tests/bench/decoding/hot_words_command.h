// rill-decode-eval hot-words: how many rare words are found with them as hot words, and how many
// are heard where nobody said them. Used by one thread at a time.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "tests/bench/decoding/evaluation.h"

namespace rill {

struct HotWordsCommand {
  std::vector<std::string> decoders = {"open"};
  std::vector<float> boosts = {0, 2, 5, 8, 10};
  int common = 10000;  // the most likely words of the language model are not rare
  bool pool = false;   // each set has the rare words of all, so that many are said by nobody
  bool show = false;   // the rare words

  absl::Status Run(const Evaluation& evaluation) const;
};

}  // namespace rill
