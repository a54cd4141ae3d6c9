// rill-decode-eval calibrate: fits the weights that turn what a decoder knows of a word into the
// probability that it is right, and that an interim word stays (model/decoder/calibration.h). Tells
// for every corpus how far weights hold on it that were fitted on the others ("held-out"), and
// those fitted on all, which are for the model ("fitted"). Used by one thread at a time.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "tests/bench/decoding/evaluation.h"

namespace rill {

struct CalibrateCommand {
  bool write = false;  // into the model file

  absl::Status Run(const Evaluation& evaluation) const;
};

}  // namespace rill
