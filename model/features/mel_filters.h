// Kaldi's bank of triangular mel filters over the bins of a power spectrum, kept sparse: each
// filter is a run of bins and their weights. mel(f) = 1127 ln(1 + f / 700). Plain data; any thread.
#pragma once

#include <vector>

namespace rill {

struct MelFilterOptions {
  int bins = 80;
  int fft_size = 512;
  double low_hz = 20.0;
  double high_hz = 8000.0;
  double bin_hz = 16000.0 / 512;  // distance of the spectrum's bins
};

struct MelFilters {
  // Filter m covers the spectrum's bins first[m] ... and takes weights[offset[m] ... offset[m +
  // 1]).
  std::vector<int> first;   // [bins]
  std::vector<int> offset;  // [bins + 1]
  std::vector<float> weights;
};

MelFilters MakeMelFilters(const MelFilterOptions& options);

// Where filter m has its peak, in Hz.
double MelFilterCenter(const MelFilterOptions& options, int m);

}  // namespace rill
