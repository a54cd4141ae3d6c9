// rill-decode-eval interim: how interim results change, and whether their stability says so. Used
// by one thread at a time.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "tests/bench/decoding/evaluation.h"

namespace rill {

struct InterimCommand {
  std::vector<std::string> decoders = {"greedy", "open"};

  absl::Status Run(const Evaluation& evaluation) const;
};

}  // namespace rill
