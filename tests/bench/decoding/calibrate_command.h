// rill-decode-eval calibrate: fits the weights that turn what a decoder knows of a word into the
// probability that it is right, and that an interim word stays (model/decoder/calibration.h), on
// one corpus, and tells how far they hold on every one. Used by one thread at a time.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "tests/bench/decoding/evaluation.h"

namespace rill {

struct CalibrateCommand {
  std::string fit_on;  // a corpus's name
  bool write = false;  // into the model file

  absl::Status Run(const Evaluation& evaluation) const;
};

}  // namespace rill
