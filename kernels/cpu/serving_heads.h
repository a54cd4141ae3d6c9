// What surrounds linear attention in serving: the frame-major, in-place twin of attention_heads.h.
// Pure functions; any thread. Heads are kHeadDim (64) wide. A frame's result does not depend on the
// frames beside it.
#pragma once

#include <cstdint>

#include "kernels/cpu/attention_heads.h"

namespace rill::kernels {

// qkvg: frames of [3 or 4, heads, 64], `frame_stride` floats apart. Overwrites query and key with
// phi(rms_norm(query) * q_scale) and phi(rms_norm(key) * k_scale). Scales: [heads, 64]; null: no
// normalisation (paper mode).
void MapHeadsInPlace(int64_t frames, int64_t heads, int64_t frame_stride, const float* q_scale,
                     const float* k_scale, float* qkvg);

// log_decay = logsigmoid(weight y + bias) - min_forget.
// y: [frames, width]; weight: [heads, width]; bias: [heads]; log_decay: [frames, heads].
void LogDecay(int64_t frames, int64_t heads, int64_t width, const float* y, const float* weight,
              const float* bias, float min_forget, float* log_decay);

// y = rms_norm_over_all_heads(num / (den + kDenominatorEpsilon)) * weight * SiLU(gate).
// num, y: [frames, heads, 64], y may be num; den: [frames, heads]; gate: frames of [heads, 64],
// `gate_stride` floats apart; weight: [heads * 64]. Null weight: the quotient alone (paper mode).
void MergeHeadsStep(int64_t frames, int64_t heads, const float* num, const float* den,
                    const float* gate, int64_t gate_stride, const float* weight, float* y);

}  // namespace rill::kernels
