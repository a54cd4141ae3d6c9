#include "model/training/data/feature_math.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "kernels/cpu/simd.h"

namespace rill::training {

#define RILL_DECLARE(isa)                                                                          \
  namespace isa {                                                                                  \
  void FloatToHalf(int64_t n, const float* x, uint16_t* y);                                        \
  void HalfToFloat(int64_t n, const uint16_t* x, float* y);                                        \
  double SumExp(int64_t n, const float* x);                                                        \
  void AddLogEnergy(int64_t n, const uint16_t* noise, float offset, float* x);                     \
  void AddReverberation(int64_t frames, int64_t bins, float decay, float level, float* x);         \
  void Normalise(int64_t frames, int64_t bins, const float* mean, const float* inv_std, float* x); \
  }
RILL_DECLARE(avx2)
RILL_DECLARE(avx512)
#undef RILL_DECLARE

void FloatToHalf(int64_t n, const float* x, uint16_t* y) { RILL_SIMD_CALL(FloatToHalf, n, x, y); }

void HalfToFloat(int64_t n, const uint16_t* x, float* y) { RILL_SIMD_CALL(HalfToFloat, n, x, y); }

double SumExp(int64_t n, const float* x) { return RILL_SIMD_CALL(SumExp, n, x); }

void AddLogEnergy(int64_t n, const uint16_t* noise, float offset, float* x) {
  RILL_SIMD_CALL(AddLogEnergy, n, noise, offset, x);
}

void AddReverberation(int64_t frames, int64_t bins, float decay, float level, float* x) {
  RILL_SIMD_CALL(AddReverberation, frames, bins, decay, level, x);
}

// Seldom and small: not worth vectors.
void AddCodingNoise(int64_t frames, int64_t bins, int64_t reach, float below, float* x) {
  std::vector<float> clean(bins);
  for (int64_t t = 0; t < frames; ++t, x += bins) {
    clean.assign(x, x + bins);
    for (int64_t b = 0; b < bins; ++b) {
      const auto begin = clean.begin() + std::max<int64_t>(b - reach, 0);
      const auto end = clean.begin() + std::min(b + reach + 1, bins);
      const float noise = *std::max_element(begin, end) - below;
      x[b] = std::max(x[b], noise) + std::log1p(std::exp(-std::abs(x[b] - noise)));
    }
  }
}

void Normalise(int64_t frames, int64_t bins, const float* mean, const float* inv_std, float* x) {
  RILL_SIMD_CALL(Normalise, frames, bins, mean, inv_std, x);
}

}  // namespace rill::training
