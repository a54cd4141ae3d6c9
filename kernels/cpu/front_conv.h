// The encoder's convolutional front in serving: normalised features, the first 3x3 convolution, and
// the patches that make the second one a matrix product. Both have stride 2 and padding 1 on both
// sides of the bins; in time the frame before comes from the caller. Pure functions; any thread.
// All float; channels last.
#pragma once

#include <cstdint>

namespace rill::kernels {

// Normalised features are held to this many standard deviations, which no audio reaches: whatever a
// client sends, what follows stays finite. A NaN becomes the bound.
inline constexpr float kMaxDeviation = 50.0f;

// Bins after one convolution of stride 2, and a padded row that holds all of their taps.
constexpr int64_t ConvBins(int64_t bins) { return (bins + 1) / 2; }
constexpr int64_t PaddedBins(int64_t bins) { return 2 * ConvBins(bins) + 1; }

// y[t, 1 + m] = (x[t, m] - mean[m]) * inv_std[m]; y[t, 0] and y[t, bins + 1 ..] are zero.
// x: [frames, bins]; y: [frames, PaddedBins(bins)].
void NormalizeFeatures(int64_t frames, int64_t bins, const float* x, const float* mean,
                       const float* inv_std, float* y);

// y[s, 1 + b, c] = ReLU(bias[c] + sum_{i, j < 3} weight[i, j, c] * x[2 s + i, 2 b + j]); bins 0 and
// those after the last of y are zero. x: [2 * frames + 1, PaddedBins(bins)], the first row being
// the frame before; weight: [3, 3, channels]; y: [frames, PaddedBins(ConvBins(bins)), channels].
void FrontConv(int64_t frames, int64_t bins, int64_t channels, const float* x, const float* weight,
               const float* bias, float* y);

// patches[n, b] = x[2 n .. 2 n + 2, 2 b .. 2 b + 2, :]: what output bin b of frame n sees.
// x: [2 * frames + 1, PaddedBins(bins), channels]; patches: [frames, ConvBins(bins), 3, 3,
// channels].
void GatherPatches(int64_t frames, int64_t bins, int64_t channels, const float* x, float* patches);

// x = max(x, 0), in place.
void Relu(int64_t n, float* x);

}  // namespace rill::kernels
