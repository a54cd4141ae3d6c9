// All that log-mel frames of given options need beside the samples: sizes, window, FFT twiddles,
// mel filters. Immutable; shared by all streams of the same options; any thread.
#pragma once

#include <memory>
#include <vector>

#include "model/features/log_mel.h"
#include "model/features/mel_filters.h"

namespace rill {

struct FbankPlan {
  int window = 0;                     // samples
  int shift = 0;                      // samples
  int fft_size = 0;                   // the power of two that holds the window
  std::vector<float> taper;           // [window], povey: hann ^ 0.85
  std::vector<float> cosines, sines;  // [fft_size], of 2 pi k / fft_size
  std::vector<int> order;             // [fft_size / 2], where the FFT in place leaves bin k
  MelFilters mel;
};

// Made at the first call for these options, then shared as long as anyone holds it.
std::shared_ptr<const FbankPlan> GetFbankPlan(const LogMelOptions& options);

}  // namespace rill
