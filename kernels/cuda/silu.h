// SiLU(x) = x * sigmoid(x), elementwise on the device: the twin of kernels/cpu/silu.h, forward.
// Device pointers, aligned to four values; T is float or BFloat16. Work is queued on `stream`; any
// host thread.
#pragma once

#include <cuda_runtime.h>

#include <cstdint>

#include "kernels/bfloat16.h"

namespace rill::kernels::cuda {

// y may be x.
template <typename T>
cudaError_t SiluForward(int64_t n, const T* x, T* y, cudaStream_t stream);

}  // namespace rill::kernels::cuda
