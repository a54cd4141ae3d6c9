#include "model/features/mel_filters.h"

#include <cmath>

namespace rill {
namespace {

double Mel(double hz) { return 1127.0 * std::log1p(hz / 700.0); }

}  // namespace

MelFilters MakeMelFilters(const MelFilterOptions& options) {
  const double low = Mel(options.low_hz);
  const double step = (Mel(options.high_hz) - low) / (options.bins + 1);
  MelFilters filters;
  filters.offset.push_back(0);
  for (int m = 0; m < options.bins; ++m) {
    const double left = low + m * step;
    const double right = left + 2 * step;
    int first = 0;
    // As in Kaldi the bin at the Nyquist frequency is left out, and an edge belongs to no filter.
    for (int k = 0; k < options.fft_size / 2; ++k) {
      const double mel = Mel(k * options.bin_hz);
      if (mel <= left || mel >= right) continue;
      if (static_cast<int>(filters.weights.size()) == filters.offset.back()) first = k;
      filters.weights.push_back(
          static_cast<float>((mel - left < step ? mel - left : right - mel) / step));
    }
    filters.first.push_back(first);
    filters.offset.push_back(static_cast<int>(filters.weights.size()));
  }
  return filters;
}

}  // namespace rill
