#include "kernels/cuda/device_math.h"
#include "kernels/cuda/front_conv.h"
#include "kernels/cuda/launch.h"

namespace rill::kernels::cuda {
namespace {

constexpr int kThreads = 256;
constexpr int kRows0 = 5;  // feature frames in view: the one before, and an encoder frame's four
constexpr int kRows1 = 3;  // frames between the convolutions: the one before, and two
constexpr size_t kMaxSharedBytes = 227 * 1024;

struct Extents {
  explicit Extents(const FrontWeights& w)
      : width0(static_cast<int>(PaddedBins(w.bins))),
        bins1(static_cast<int>(ConvBins(w.bins))),
        width1(static_cast<int>(PaddedBins(bins1)) * w.channels),
        bins2(static_cast<int>(ConvBins(bins1))) {}

  size_t shared_bytes() const {
    return sizeof(float) * static_cast<size_t>(kRows0 * width0 + kRows1 * width1);
  }

  int width0;  // floats a feature frame, padded
  int bins1;
  int width1;  // floats a frame between the convolutions, padded
  int bins2;
};

// One row, its frames one after the other. Both levels are rings: the last frame of one step is the
// frame before of the next.
template <typename T>
__global__ void __launch_bounds__(kThreads)
    ConvolveFront(StepRows rows, FrontWeights w, Extents e, const float* __restrict__ features,
                  SlotPart tail1, SlotPart tail2, T* __restrict__ patches) {
  const int width0 = e.width0, bins1 = e.bins1, width1 = e.width1;
  const int quads = w.channels / kQuad;
  float* const level1 = BlockShared<float>();      // [kRows1, width1]
  float* const level0 = level1 + kRows1 * width1;  // [kRows0, width0]
  const auto row0 = [&](int frame, int i) { return level0 + (4 * frame + i) % kRows0 * width0; };
  const auto row1 = [&](int frame, int i) { return level1 + (2 * frame + i) % kRows1 * width1; };

  const int row = blockIdx.x, slot = rows.slots[row], begin = rows.starts[row];
  const int frames = rows.starts[row + 1] - begin;
  const int runs = e.bins2 * kRows1;   // of 3 * channels values, in a patch
  const int patch = runs * 3 * quads;  // in quads
  patches += int64_t{begin} * patch * kQuad;
  if (slot < 0) {
    for (int i = threadIdx.x; i < frames * patch; i += kThreads) {
      StoreQuad(patches + int64_t{i} * kQuad, float4{});
    }
    return;
  }
  float* const kept0 = tail1.base + slot * tail1.slot_stride;
  float* const kept1 = tail2.base + slot * tail2.slot_stride;
  for (int i = threadIdx.x; i < width0; i += kThreads) row0(0, 0)[i] = kept0[i];
  for (int i = threadIdx.x * kQuad; i < width1; i += kThreads * kQuad) {
    StoreQuad(row1(0, 0) + i, LoadQuad(kept1 + i));
  }

  for (int f = 0; f < frames; ++f) {
    for (int i = threadIdx.x; i < 4 * width0; i += kThreads) {
      const int t = i / width0, bin = i % width0 - 1;
      float value = 0.0f;
      if (bin >= 0 && bin < w.bins) {
        const float x = features[(int64_t{4} * (begin + f) + t) * w.bins + bin];
        value = fmaxf(fminf((x - w.mean[bin]) * w.inv_std[bin], kMaxDeviation), -kMaxDeviation);
      }
      row0(f, 1 + t)[bin + 1] = value;
    }
    __syncthreads();
    for (int i = threadIdx.x; i < 2 * width1 / kQuad; i += kThreads) {
      const int t = i / (width1 / kQuad), at = i % (width1 / kQuad) * kQuad;
      const int bin = at / w.channels - 1, channel = at % w.channels;
      float4 sum = {};
      if (bin >= 0 && bin < bins1) {
        sum = LoadQuad(w.bias + channel);
        for (int tap = 0; tap < 9; ++tap) {
          sum = Fma(row0(f, 2 * t + tap / 3)[2 * bin + tap % 3],
                    LoadQuad(w.weight + tap * w.channels + channel), sum);
        }
        sum = make_float4(fmaxf(sum.x, 0.0f), fmaxf(sum.y, 0.0f), fmaxf(sum.z, 0.0f),
                          fmaxf(sum.w, 0.0f));
      }
      StoreQuad(row1(f, 1 + t) + at, sum);
    }
    __syncthreads();
    for (int i = threadIdx.x; i < patch; i += kThreads) {
      const int run = i / (3 * quads), at = i % (3 * quads) * kQuad;
      const float* from = row1(f, run % kRows1) + 2 * (run / kRows1) * w.channels;
      StoreQuad(patches + (int64_t{f} * patch + i) * kQuad, LoadQuad(from + at));
    }
    // Behind its first barrier alone the next frame writes what this one reads.
  }
  if (frames == 0) return;
  for (int i = threadIdx.x; i < width0; i += kThreads) kept0[i] = row0(frames, 0)[i];
  for (int i = threadIdx.x * kQuad; i < width1; i += kThreads * kQuad) {
    StoreQuad(kept1 + i, LoadQuad(row1(frames, 0) + i));
  }
}

}  // namespace

template <typename T>
cudaError_t FrontPatches(const StepRows& rows, const FrontWeights& weights, const float* features,
                         const SlotPart& tail1, const SlotPart& tail2, T* patches,
                         cudaStream_t stream) {
  if (weights.channels % kQuad != 0) return cudaErrorInvalidValue;
  const Extents extents(weights);
  if (extents.shared_bytes() > kMaxSharedBytes) return cudaErrorInvalidValue;
  return Launch(ConvolveFront<T>, static_cast<unsigned>(rows.rows), kThreads,
                extents.shared_bytes(), stream, rows, weights, extents, features, tail1, tail2,
                patches);
}

#define RILL_INSTANTIATE(T)                                                             \
  template cudaError_t FrontPatches(const StepRows&, const FrontWeights&, const float*, \
                                    const SlotPart&, const SlotPart&, T*, cudaStream_t);
RILL_INSTANTIATE(float)
RILL_INSTANTIATE(BFloat16)
#undef RILL_INSTANTIATE

}  // namespace rill::kernels::cuda
