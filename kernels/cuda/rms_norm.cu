#include "kernels/cuda/device_math.h"
#include "kernels/cuda/launch.h"
#include "kernels/cuda/rms_norm.h"

namespace rill::kernels::cuda {
namespace {

constexpr int kRowsPerBlock = 4;  // a warp a row

// A row stays in its warp's registers: every value is read once, and all before the first is
// written, since h may be x: a store might change what a later load reads.
template <typename T, int kLaneQuads>
__global__ void __launch_bounds__(kRowsPerBlock* kWarp)
    NormalizeRows(int64_t rows, int width, const float* x, const T* branch, float scale,
                  const float* __restrict__ weight, bool silu, float* h, T* y) {
  const int64_t row = int64_t{blockIdx.x} * kRowsPerBlock + threadIdx.x / kWarp;
  if (row >= rows) return;
  const int lane = threadIdx.x % kWarp;
  float4 v[kLaneQuads];
  float squares = 0.0f;
#pragma unroll
  for (int u = 0; u < kLaneQuads; ++u) {
    const int c = (u * kWarp + lane) * kQuad;
    if (c >= width) continue;
    v[u] = LoadQuad(x + row * width + c);
  }
  if (branch != nullptr) {
#pragma unroll
    for (int u = 0; u < kLaneQuads; ++u) {
      const int c = (u * kWarp + lane) * kQuad;
      if (c >= width) continue;
      v[u] = Fma(scale, LoadQuad(branch + row * width + c), v[u]);
    }
  }
#pragma unroll
  for (int u = 0; u < kLaneQuads; ++u) {
    const int c = (u * kWarp + lane) * kQuad;
    if (c >= width) continue;
    if (branch != nullptr) StoreQuad(h + row * width + c, v[u]);
    squares += Dot(v[u], v[u]);
  }
  const float inv = rsqrtf(LaneSum(squares) / width + kNormEpsilon);
#pragma unroll
  for (int u = 0; u < kLaneQuads; ++u) {
    const int c = (u * kWarp + lane) * kQuad;
    if (c >= width) continue;
    const float4 normed = v[u] * inv * LoadQuad(weight + c);
    StoreQuad(y + row * width + c, silu ? Silu(normed) : normed);
  }
}

}  // namespace

template <typename T>
cudaError_t RmsNormForward(const NormShape& shape, const float* x, const T* branch, float scale,
                           const float* weight, bool silu, float* h, T* y, cudaStream_t stream) {
  if (shape.width % kQuad != 0 || shape.width > kMaxNormWidth) return cudaErrorInvalidValue;
  const auto kernel = shape.width <= 2 * kWarp * kQuad   ? NormalizeRows<T, 2>
                      : shape.width <= 4 * kWarp * kQuad ? NormalizeRows<T, 4>
                                                         : NormalizeRows<T, 8>;
  return Launch(kernel, static_cast<unsigned>(CeilDiv(shape.rows, kRowsPerBlock)),
                kRowsPerBlock * kWarp, 0, stream, shape.rows, static_cast<int>(shape.width), x,
                branch, scale, weight, silu, h, y);
}

#define RILL_INSTANTIATE(T)                                                            \
  template cudaError_t RmsNormForward(const NormShape&, const float*, const T*, float, \
                                      const float*, bool, float*, T*, cudaStream_t);
RILL_INSTANTIATE(float)
RILL_INSTANTIATE(BFloat16)
#undef RILL_INSTANTIATE

}  // namespace rill::kernels::cuda
