// What surrounds linear attention in a block: splitting the projected q, k, v, gate into heads
// (with RMS normalisation per head and the feature map), and putting the heads together again
// (division by the denominator, normalisation over all heads together, gate). Forward and backward.
// Pure functions; any thread. T is float or BFloat16. Heads are kHeadDim (64) wide.
#pragma once

#include <cstdint>

#include "kernels/bfloat16.h"
#include "kernels/cpu/linear_attention.h"

namespace rill::kernels {

// phi(x) = elu(x) + 1 = x + 1 for x > 0, exp(x) otherwise. The paper's equation 7.

// qkvg: [batch, frames, 4, heads, 64] (query, key, value, gate of each frame).
// q = phi(rms_norm(query) * q_scale), k = phi(rms_norm(key) * k_scale): [batch, heads, frames, 64];
// v: the values, same layout. q_scale, k_scale: [heads, 64]; null: no normalisation (paper mode).
// inv_rms: [2, batch, heads, frames], kept for the backward pass; may be null
// (inference, or no scales).
template <typename T>
void SplitHeadsForward(const AttentionShape& shape, const T* qkvg, const float* q_scale,
                       const float* k_scale, T* q, T* k, T* v, float* inv_rms);

// Writes the query, key and value parts of d_qkvg (the gate part belongs to MergeHeadsBackward).
// d_q_scale and d_k_scale are added to.
template <typename T>
void SplitHeadsBackward(const AttentionShape& shape, const T* d_q, const T* d_k, const T* d_v,
                        const T* qkvg, const float* q_scale, const float* k_scale,
                        const float* inv_rms, T* d_qkvg, float* d_q_scale, float* d_k_scale);

inline constexpr float kDenominatorEpsilon = 1e-6f;

// y = rms_norm_over_all_heads(num / (den + kDenominatorEpsilon)) * weight * SiLU(gate): [batch,
// frames, heads * 64]. num: [batch, heads, frames, 64]; den: [batch, heads, frames]; weight: [heads
// * 64]; gate: read from qkvg as above. inv_rms: [batch, frames], kept for the backward pass.
template <typename T>
void MergeHeadsForward(const AttentionShape& shape, const T* num, const float* den, const T* qkvg,
                       const float* weight, T* y, float* inv_rms);

// Writes d_num, d_den and the gate part of d_qkvg; d_weight is added to.
template <typename T>
void MergeHeadsBackward(const AttentionShape& shape, const T* d_y, const T* num, const float* den,
                        const T* qkvg, const float* weight, const float* inv_rms, T* d_num,
                        float* d_den, T* d_qkvg, float* d_weight);

}  // namespace rill::kernels
