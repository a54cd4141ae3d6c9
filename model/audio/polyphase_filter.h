// The low-pass filter of a change of sample rate, cut into phases: output sample n, at the time t =
// n * step inputs, is the sum of the inputs around t, each times the filter at its distance from t.
// The filter is a sinc of 94 samples of the lower rate to either side under a Kaiser window: flat
// to 91 % of the lower rate's Nyquist frequency, and 120 dB down from there on.
//
// Kaiser, "Nonrecursive digital filter design using the I0-sinh window function", 1974; polyphase
// filters after Crochiere and Rabiner, "Multirate Digital Signal Processing", 1983.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "model/audio/polyphase_dot.h"

namespace rill {

struct PolyphaseFilter {
  // One output sample is in_step / out_step inputs after the one before; lowest terms.
  int64_t in_step;
  int64_t out_step;
  // Inputs on either side that an output needs: those from floor(t) - reach + 1 to floor(t) +
  // reach. A multiple of kDotLanes / 2.
  int64_t reach;
  // 0: row p is the filter of the outputs at a fraction of p / out_step, as there are few. Else row
  // p is that for the fraction (p - 1) / grid, and the outputs between are found by cubic
  // interpolation.
  int grid;
  std::vector<DotLanes> rows;  // [rows, 2 * reach / kDotLanes]

  const DotLanes* Row(int64_t p) const { return rows.data() + p * (2 * reach / kDotLanes); }
};

// The filter of a pair of rates, in Hz; made once for all streams that use it at a time. Any
// thread. InvalidArgument if the rates are not positive or more than 256 times apart.
absl::StatusOr<std::shared_ptr<const PolyphaseFilter>> GetPolyphaseFilter(int input_rate,
                                                                          int output_rate);

}  // namespace rill
