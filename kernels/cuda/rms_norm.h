// Root-mean-square normalisation on the device, fused with the residual addition before it and an
// optional SiLU after it: the twin of kernels/cpu/rms_norm.h, forward. Device pointers, aligned to
// four values. Work is queued on `stream`; any host thread.
#pragma once

#include <cuda_runtime.h>

#include "kernels/bfloat16.h"
#include "kernels/cpu/rms_norm.h"

namespace rill::kernels::cuda {

inline constexpr int64_t kMaxNormWidth = 1024;

// y = act(h / sqrt(mean(h^2) + kNormEpsilon) * weight), h = x + scale * branch; act is SiLU or
// none. The residual stream x, h is float; T, of what comes from and goes to matrix products, is
// float or BFloat16. branch may be null: then h is x and is not written (may be null). h may alias
// x. cudaErrorInvalidValue unless the width is a multiple of 4, at most kMaxNormWidth.
template <typename T>
cudaError_t RmsNormForward(const NormShape& shape, const float* x, const T* branch, float scale,
                           const float* weight, bool silu, float* h, T* y, cudaStream_t stream);

}  // namespace rill::kernels::cuda
