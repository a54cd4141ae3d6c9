// Between rms_norm.cc, which keeps the memory, and rms_norm_simd.cc, which computes. Private to
// these two.
#pragma once

#include "kernels/cpu/rms_norm.h"
#include "kernels/cpu/simd.h"

namespace rill::kernels {

// Rows that are worked on together: while one waits for its sum, the others go on.
inline constexpr int kNormBlock = 4;

RILL_SIMD_DECLARE_BFLOAT16(template <typename T>
                           void RmsNormForward(const NormShape& shape, const T* x, const T* branch,
                                               float scale, const float* weight, bool silu, T* h,
                                               T* y, float* inv_rms))
// through: working memory of kNormBlock rows.
RILL_SIMD_DECLARE_BFLOAT16(template <typename T>
                           void RmsNormBackward(const NormShape& shape, const T* d_y, const T* d_h,
                                                const T* h, float scale, const float* weight,
                                                bool silu, const float* inv_rms, T* d_x,
                                                T* d_branch, float* d_weight, float* through))

}  // namespace rill::kernels
