// Root-mean-square normalisation fused with the residual addition before it and an optional SiLU
// after it, forward and backward. Pure functions; any thread.
//
// y = act(h / sqrt(mean(h^2) + kNormEpsilon) * weight), h = x + scale * branch; act is SiLU or
// none. T is float or BFloat16 (memory only; sums are float). Zhang and Sennrich (2019).
#pragma once

#include <cstdint>

#include "kernels/bfloat16.h"

namespace rill::kernels {

inline constexpr float kNormEpsilon = 1e-5f;

struct NormShape {
  int64_t rows;
  int64_t width;
};

// x, branch, h, y: [rows, width]; weight: [width]; inv_rms: [rows].
// branch may be null: then h is x and the pointer h is not written (may be null).
// h may alias x. inv_rms may be null (inference).
template <typename T>
void RmsNormForward(const NormShape& shape, const T* x, const T* branch, float scale,
                    const float* weight, bool silu, T* h, T* y, float* inv_rms);

// d_y: gradient of y; d_h: gradient that reaches h by other ways (the residual stream), null for
// none. Writes d_x = d_h + (gradient through the norm), which is also h's total gradient; if
// d_branch is not null, d_branch = scale * d_x. d_weight [width] is added to. d_x may alias d_h.
template <typename T>
void RmsNormBackward(const NormShape& shape, const T* d_y, const T* d_h, const T* h, float scale,
                     const float* weight, bool silu, const float* inv_rms, T* d_x, T* d_branch,
                     float* d_weight);

}  // namespace rill::kernels
