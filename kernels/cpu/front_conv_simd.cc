#include "kernels/cpu/front_conv.h"
#include "kernels/cpu/vector_math.h"

namespace rill::kernels::RILL_SIMD {
namespace {

constexpr int kTaps = 9;

// One vector of output channels over all frames and bins: its weights stay in registers.
template <typename Lanes>
RILL_INLINE void ConvolveChannels(int64_t frames, int64_t bins, int64_t channels, const float* x,
                                  const float* weight, const float* bias, float* y, Lanes lanes) {
  const int64_t in_row = PaddedBins(bins), out_row = PaddedBins(ConvBins(bins)) * channels;
  Vec w[kTaps];
  for (int i = 0; i < kTaps; ++i) w[i] = Load(weight + i * channels, lanes);
  const Vec start = Load(bias, lanes);
  for (int64_t s = 0; s < frames; ++s) {
    const float* above = x + 2 * s * in_row;
    for (int64_t b = 0; b < ConvBins(bins); ++b) {
      Vec sum = start;
      for (int i = 0; i < kTaps; ++i) {
        sum = Fma(Splat(above[i / 3 * in_row + 2 * b + i % 3]), w[i], sum);
      }
      Store(Max(sum, Vec{}), y + s * out_row + (1 + b) * channels, lanes);
    }
  }
}

}  // namespace

void NormalizeFeatures(int64_t frames, int64_t bins, const float* x, const float* mean,
                       const float* inv_std, float* y) {
  const Vec bound = Splat(kMaxDeviation);
  for (int64_t t = 0; t < frames; ++t) {
    float* row = y + t * PaddedBins(bins);
    row[0] = 0.0f;
    for (int64_t m = bins + 1; m < PaddedBins(bins); ++m) row[m] = 0.0f;
    ForEachVec(bins, [&](int64_t m, auto lanes) {
      const Vec v =
          (Load(x + t * bins + m, lanes) - Load(mean + m, lanes)) * Load(inv_std + m, lanes);
      Store(Max(Min(v, bound), -bound), row + 1 + m, lanes);
    });
  }
}

void FrontConv(int64_t frames, int64_t bins, int64_t channels, const float* x, const float* weight,
               const float* bias, float* y) {
  const int64_t out_bins = ConvBins(bins), padded = PaddedBins(out_bins);
  for (int64_t s = 0; s < frames; ++s) {
    float* row = y + s * padded * channels;
    std::memset(row, 0, channels * sizeof(float));
    std::memset(row + (1 + out_bins) * channels, 0,
                (padded - 1 - out_bins) * channels * sizeof(float));
  }
  ForEachVec(channels, [&](int64_t c, auto lanes) {
    ConvolveChannels(frames, bins, channels, x, weight + c, bias + c, y + c, lanes);
  });
}

void GatherPatches(int64_t frames, int64_t bins, int64_t channels, const float* x, float* patches) {
  const int64_t in_row = PaddedBins(bins) * channels, run = 3 * channels;
  for (int64_t n = 0; n < frames; ++n) {
    for (int64_t b = 0; b < ConvBins(bins); ++b) {
      for (int64_t i = 0; i < 3; ++i) {
        std::memcpy(patches, x + (2 * n + i) * in_row + 2 * b * channels, run * sizeof(float));
        patches += run;
      }
    }
  }
}

void Relu(int64_t n, float* x) {
  ForEachVec(n,
             [&](int64_t i, auto lanes) { Store(Max(Load(x + i, lanes), Vec{}), x + i, lanes); });
}

}  // namespace rill::kernels::RILL_SIMD
