#include "kernels/cuda/device_math.h"
#include "kernels/cuda/glu_conv.h"
#include "kernels/cuda/launch.h"

namespace rill::kernels::cuda {
namespace {

constexpr int kThreads = 128;
constexpr int kTileQuads = 16;  // of channels: a block's share of a row
constexpr int kTileChannels = kTileQuads * kQuad;
constexpr int kRowsAtOnce = kThreads / kTileQuads;
constexpr int kTileFrames = 16;
constexpr int kMaxTail = static_cast<int>(kMaxConvKernel) - 1;

struct Window {
  float4 gated[kMaxTail + kTileFrames][kTileQuads];  // the tail, then the tile's frames
};

// One row, one tile of channels: the window slides over the row's frames; its end is the new tail.
// A thread stays with its four channels, and has every eighth row of them.
template <typename T>
__global__ void __launch_bounds__(kThreads, 8)
    GluConv(StepRows rows, int width, int kernel, const T* __restrict__ x,
            const float* __restrict__ taps, SlotPart tail, float* __restrict__ y) {
  auto& gated = BlockShared<Window>()->gated;
  const int quad = threadIdx.x % kTileQuads, first = threadIdx.x / kTileQuads;
  const int channel = blockIdx.y * kTileChannels + quad * kQuad;
  const bool active = channel < width;
  const int row = blockIdx.x, slot = rows.slots[row];
  const int begin = rows.starts[row], end = rows.starts[row + 1];
  const int before = kernel - 1;

  if (slot < 0) {
    for (int t = begin + first; active && t < end; t += kRowsAtOnce) {
      StoreQuad(y + int64_t{t} * width + channel, float4{});
    }
    return;
  }
  float* const kept = tail.base + slot * tail.slot_stride + channel;
  for (int i = first; active && i < before; i += kRowsAtOnce) {
    gated[i][quad] = LoadQuad(kept + i * width);
  }
  for (int t = begin; t < end; t += kTileFrames) {
    const int frames = min(kTileFrames, end - t);
    for (int i = first; active && i < frames; i += kRowsAtOnce) {
      const T* linear = x + int64_t{t + i} * 2 * width + channel;
      const float4 gate = LoadQuad(linear + width);
      gated[before + i][quad] = LoadQuad(linear) * make_float4(Sigmoid(gate.x), Sigmoid(gate.y),
                                                               Sigmoid(gate.z), Sigmoid(gate.w));
    }
    __syncthreads();
    for (int i = first; active && i < frames; i += kRowsAtOnce) {
      float4 sum = {};
#pragma unroll 3
      for (int j = 0; j < kernel; ++j) {
        sum = Fma(LoadQuad(taps + j * width + channel), gated[i + j][quad], sum);
      }
      StoreQuad(y + int64_t{t + i} * width + channel, sum);
    }
    if (t + frames == end) {
      for (int i = first; active && i < before; i += kRowsAtOnce) {
        StoreQuad(kept + i * width, gated[frames + i][quad]);
      }
      return;
    }
    __syncthreads();
    if (first == 0) {
      for (int j = 0; j < before; ++j) gated[j][quad] = gated[j + frames][quad];
    }
    __syncthreads();
  }
}

}  // namespace

template <typename T>
cudaError_t GluConvStep(const StepRows& rows, int64_t width, int64_t kernel, const T* x,
                        const float* taps, const SlotPart& tail, float* y, cudaStream_t stream) {
  if (width % kQuad != 0 || kernel < 1 || kernel > kMaxConvKernel) return cudaErrorInvalidValue;
  const dim3 grid(static_cast<unsigned>(rows.rows),
                  static_cast<unsigned>(CeilDiv(width, kTileChannels)));
  return Launch(GluConv<T>, grid, kThreads, sizeof(Window), stream, rows, static_cast<int>(width),
                static_cast<int>(kernel), x, taps, tail, y);
}

#define RILL_INSTANTIATE(T)                                                                   \
  template cudaError_t GluConvStep(const StepRows&, int64_t, int64_t, const T*, const float*, \
                                   const SlotPart&, float*, cudaStream_t);
RILL_INSTANTIATE(float)
RILL_INSTANTIATE(BFloat16)
#undef RILL_INSTANTIATE

}  // namespace rill::kernels::cuda
