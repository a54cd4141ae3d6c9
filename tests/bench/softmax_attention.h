// Causal softmax attention of one head, forward and backward: what linear attention is measured
// against. Matrix products are oneDNN's, the rest is vectorised as our kernels are. One thread.
// q, k, v, out and their gradients: [frames, 64] float.
//
// Naive keeps the whole matrix of weights. Blocked never does: it takes the softmax tile by tile
// with running maxima and sums, and computes the tiles again in the backward pass (Dao et al.,
// "FlashAttention", NeurIPS 2022, algorithms 1 and 4).
#pragma once

#include <cstdint>

#include "kernels/cpu/linear_attention.h"
#include "kernels/cpu/simd.h"

namespace rill::kernels {

struct SoftmaxInputs {
  int64_t frames;
  const float* q;
  const float* k;
  const float* v;
};

struct SoftmaxGradients {
  const float* d_out;
  float* d_q;
  float* d_k;
  float* d_v;
};

// weights: [frames, frames], kept for the backward pass; scratch likewise, not kept.
RILL_SIMD_DECLARE(void NaiveSoftmax(const SoftmaxInputs& in, float* weights, float* out))
RILL_SIMD_DECLARE(void NaiveSoftmaxBackward(const SoftmaxInputs& in, const float* weights,
                                            float* scratch, const SoftmaxGradients& grad))

inline constexpr int64_t kSoftmaxTile = 256;

// log_sum: [frames], kept for the backward pass; tiles: [2, kSoftmaxTile, kSoftmaxTile], not kept.
RILL_SIMD_DECLARE(void BlockedSoftmax(const SoftmaxInputs& in, float* tiles, float* out,
                                      float* log_sum))
RILL_SIMD_DECLARE(void BlockedSoftmaxBackward(const SoftmaxInputs& in, const float* out,
                                              const float* log_sum, float* tiles,
                                              const SoftmaxGradients& grad))

}  // namespace rill::kernels
