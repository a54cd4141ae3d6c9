#include "model/features/mel_filters.h"

#include <cmath>

namespace rill {
namespace {

double Mel(double hz) { return 1127.0 * std::log1p(hz / 700.0); }
double Hertz(double mel) { return 700.0 * std::expm1(mel / 1127.0); }

double Step(const MelFilterOptions& options) {
  return (Mel(options.high_hz) - Mel(options.low_hz)) / (options.bins + 1);
}

}  // namespace

MelFilters MakeMelFilters(const MelFilterOptions& options) {
  const double low = Mel(options.low_hz);
  const double step = Step(options);
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

double MelFilterCenter(const MelFilterOptions& options, int m) {
  return Hertz(Mel(options.low_hz) + (m + 1) * Step(options));
}

}  // namespace rill
