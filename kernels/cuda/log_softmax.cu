#include "kernels/cuda/device_math.h"
#include "kernels/cuda/launch.h"
#include "kernels/cuda/log_softmax.h"

namespace rill::kernels::cuda {
namespace {

constexpr int kRowsPerBlock = 4;  // a warp a row
constexpr int kNoToken = 0x7FFFFFFF;

struct Candidate {
  float logit;
  int token;

  __device__ bool IsBefore(const Candidate& other) const {
    return logit > other.logit || (logit == other.logit && token < other.token);
  }
};

// The best of the warp's candidates, in every lane.
__device__ Candidate Best(Candidate mine) {
#pragma unroll
  for (int apart = kWarp / 2; apart > 0; apart /= 2) {
    const Candidate other = {__shfl_xor_sync(kAllLanes, mine.logit, apart),
                             __shfl_xor_sync(kAllLanes, mine.token, apart)};
    if (other.IsBefore(mine)) mine = other;
  }
  return mine;
}

__global__ void __launch_bounds__(kRowsPerBlock* kWarp)
    NormalizeLogits(int64_t rows, int width, int64_t stride, const float* x, float* y,
                    BestTokens best) {
  const int64_t row = int64_t{blockIdx.x} * kRowsPerBlock + threadIdx.x / kWarp;
  if (row >= rows) return;
  const int lane = threadIdx.x % kWarp;
  const float* logits = x + row * stride;

  float largest = -INFINITY;
  for (int i = lane; i < width; i += kWarp) largest = fmaxf(largest, logits[i]);
  largest = LaneMax(largest);
  float sum = 0.0f;
  for (int i = lane; i < width; i += kWarp) sum += expf(logits[i] - largest);
  const float log_sum = largest + logf(LaneSum(sum));

  // Each pass takes the best of what comes after the one before: nothing is marked or sorted.
  Candidate last = {INFINITY, -1};
  for (int n = 0; n < best.k; ++n) {
    Candidate next = {-INFINITY, kNoToken};
    for (int i = lane; i < width; i += kWarp) {
      const Candidate one = {logits[i], i};
      if (last.IsBefore(one) && one.IsBefore(next)) next = one;
    }
    last = Best(next);
    if (lane == 0) {
      const bool is_token = last.token != kNoToken;
      best.tokens[row * best.k + n] = is_token ? last.token : -1;
      best.log_probs[row * best.k + n] = is_token ? last.logit - log_sum : -INFINITY;
    }
  }
  if (y == nullptr) return;
  // y may be x: a lane reads and writes its own values only.
  for (int i = lane; i < width; i += kWarp) y[row * stride + i] = logits[i] - log_sum;
}

}  // namespace

cudaError_t LogSoftmax(int64_t rows, int64_t width, int64_t stride, const float* x, float* y,
                       const BestTokens& best, cudaStream_t stream) {
  return Launch(NormalizeLogits, static_cast<unsigned>(CeilDiv(rows, kRowsPerBlock)),
                kRowsPerBlock * kWarp, 0, stream, rows, static_cast<int>(width), stride, x, y,
                best);
}

}  // namespace rill::kernels::cuda
