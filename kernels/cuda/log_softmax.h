// Logits to log-probabilities on the device, with the best tokens of each row: the twin of
// kernels/cpu/log_softmax.h, so that only what a decoder looks at need leave the device. Device
// pointers. Work is queued on `stream`; any host thread.
#pragma once

#include <cuda_runtime.h>

#include <cstdint>

namespace rill::kernels::cuda {

// The `k` best tokens of each row, best first, of equals the lower number first; k = 1 is the
// arg-max. A NaN is no token: where a row has fewer, -1 at minus infinity.
struct BestTokens {
  int k = 0;
  int32_t* tokens = nullptr;   // [rows, k]
  float* log_probs = nullptr;  // [rows, k]
};

// y = x - log(sum(exp(x))) for each row. x, y: the first `width` columns of [rows, stride]; y may
// be x, or null: only `best`.
cudaError_t LogSoftmax(int64_t rows, int64_t width, int64_t stride, const float* x, float* y,
                       const BestTokens& best, cudaStream_t stream);

}  // namespace rill::kernels::cuda
