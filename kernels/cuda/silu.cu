#include "kernels/cuda/device_math.h"
#include "kernels/cuda/launch.h"
#include "kernels/cuda/silu.h"

namespace rill::kernels::cuda {
namespace {

constexpr int kThreads = 256;

template <typename T>
__global__ void __launch_bounds__(kThreads) ApplySilu(int64_t n, const T* x, T* y) {
  const int64_t at = (int64_t{blockIdx.x} * kThreads + threadIdx.x) * kQuad;
  if (at + kQuad <= n) {
    StoreQuad(y + at, Silu(LoadQuad(x + at)));
  } else {
    for (int64_t i = at; i < n; ++i) StoreOne(y + i, Silu(LoadOne(x + i)));
  }
}

}  // namespace

template <typename T>
cudaError_t SiluForward(int64_t n, const T* x, T* y, cudaStream_t stream) {
  return Launch(ApplySilu<T>, static_cast<unsigned>(CeilDiv(n, kThreads * kQuad)), kThreads, 0,
                stream, n, x, y);
}

template cudaError_t SiluForward(int64_t, const float*, float*, cudaStream_t);
template cudaError_t SiluForward(int64_t, const BFloat16*, BFloat16*, cudaStream_t);

}  // namespace rill::kernels::cuda
