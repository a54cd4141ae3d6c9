// A block is a row. A head has 128 threads, and each of them a tile of 8 keys by 4 values of its
// state in registers from the first chunk to the last: a warp has 16 of the values and all keys, so
// that a read-out is summed inside the warp.
#include "kernels/cpu/attention_heads.h"
#include "kernels/cpu/recurrent_attention.h"
#include "kernels/cpu/rms_norm.h"
#include "kernels/cuda/attention_step.h"
#include "kernels/cuda/device_math.h"
#include "kernels/cuda/launch.h"

namespace rill::kernels::cuda {
namespace {

constexpr int kHeadThreads = 128;
constexpr int kHeadWarps = kHeadThreads / kWarp;
constexpr int kTileKeys = 8;
constexpr int kHeadQuads = kHeadDim / kQuad;
constexpr int kQuadsPerWarp = kHeadQuads / kHeadWarps;
constexpr int kPaddedDim = kHeadDim + kQuad;  // rows of q and k: no two in the same banks

struct HeadTile {
  float q[kMaxStepChunk][kPaddedDim];
  float k[kMaxStepChunk][kPaddedDim];
  float v[kMaxStepChunk][kHeadDim];
  float num[kMaxStepChunk][kHeadDim];
  float scores[kMaxStepChunk][kMaxStepChunk];  // q k^T, weighted
  float z[kHeadDim];
  float log_decay[kMaxStepChunk];
  float from_start[kMaxStepChunk];  // the state before the chunk, as frame i sees it
  float to_end[kMaxStepChunk];      // frame j, as seen behind the chunk
  float den[kMaxStepChunk];
};

// A thread's place in its head.
struct Place {
  __device__ explicit Place(int thread)
      : thread(thread), warp(thread / kWarp), lane(thread % kWarp) {}

  __device__ int first_key() const { return lane / kQuadsPerWarp * kTileKeys; }
  __device__ int group() const { return lane / kQuadsPerWarp; }  // of keys
  __device__ int first_value() const {
    return (warp * kQuadsPerWarp + lane % kQuadsPerWarp) * kQuad;
  }

  int thread, warp, lane;
};
constexpr int kGroups = kWarp / kQuadsPerWarp;

__device__ float Phi(float x) { return x > 0.0f ? x + 1.0f : expf(x); }

__device__ float LogSigmoid(float x) {
  const float tail = log1pf(expf(-fabsf(x)));
  return x < 0.0f ? x - tail : -tail;
}

__device__ float InverseRms(float squares, int width) {
  return rsqrtf(__fdividef(squares, static_cast<float>(width)) + kNormEpsilon);
}

// Queries, keys and values of the chunk of n frames from `first` on, the first two mapped.
template <typename T>
__device__ void LoadHeads(const AttentionStepArgs<T>& args, int head, int first, int n,
                          const Place& at, HeadTile& tile) {
  constexpr int kLoaders = kHeadThreads / kHeadQuads;
  const int dim = at.thread % kHeadQuads * kQuad;
#pragma unroll 1
  for (int u = 0; u < 3 * n; u += kLoaders) {
    const int vector = u + at.thread / kHeadQuads;
    const int kind = vector % 3, frame = vector / 3;
    float4 x = {};
    if (vector < 3 * n) {
      x = LoadQuad(args.qkvg + (first + frame) * args.frame_stride +
                   (kind * args.heads + head) * kHeadDim + dim);
    }
    const float squares = LaneSum<kHeadQuads>(Dot(x, x));
    if (vector >= 3 * n) continue;
    if (kind == 2) {
      StoreQuad(tile.v[frame] + dim, x);
      continue;
    }
    const float* scale = kind == 0 ? args.q_scale : args.k_scale;
    if (scale != nullptr) {
      x = x * LoadQuad(scale + head * kHeadDim + dim) * InverseRms(squares, kHeadDim);
    }
    StoreQuad((kind == 0 ? tile.q[frame] : tile.k[frame]) + dim,
              make_float4(Phi(x.x), Phi(x.y), Phi(x.z), Phi(x.w)));
  }
}

template <typename T>
__device__ void LoadDecay(const AttentionStepArgs<T>& args, int head, int first, int n,
                          const Place& at, HeadTile& tile) {
#pragma unroll 1
  for (int i = at.warp; i < n; i += kHeadWarps) {
    float log_decay = 0.0f;
    if (args.decay_weight != nullptr) {
      float sum = 0.0f;
#pragma unroll 1
      for (int c = at.lane * kQuad; c < args.width; c += kWarp * kQuad) {
        sum += Dot(LoadQuad(args.y + int64_t{first + i} * args.width + c),
                   LoadQuad(args.decay_weight + head * args.width + c));
      }
      log_decay = LogSigmoid(LaneSum(sum) + args.decay_bias[head]) - args.min_forget;
    }
    if (at.lane == 0) tile.log_decay[i] = fmaxf(log_decay, kLeastLogDecay);
  }
}

// What passes between two frames, i <= j, is summed anew for every pair: no difference of sums
// loses anything.
__device__ float Kept(const HeadTile& tile, int i, int j) {
  float sum = 0.0f;
#pragma unroll 1
  for (int t = i + 1; t <= j; ++t) sum += tile.log_decay[t];
  return expf(sum);
}

__device__ void ScorePairs(int n, const Place& at, HeadTile& tile) {
#pragma unroll 1
  for (int pair = at.thread; pair < n * n; pair += kHeadThreads) {
    const int i = pair / n, j = pair % n;
    float sum = 0.0f;
#pragma unroll 2
    for (int d = 0; d < kHeadDim; d += kQuad) {
      sum += Dot(LoadQuad(tile.q[i] + d), LoadQuad(tile.k[j] + d));
    }
    tile.scores[i][j] = sum * Kept(tile, min(i, j), max(i, j));
  }
  if (at.thread < n) {
    tile.from_start[at.thread] = Kept(tile, -1, at.thread);
    tile.to_end[at.thread] = Kept(tile, at.thread, n - 1);
  }
}

// Numerators and denominators of the chunk, from the state before it and from inside.
__device__ void ReadOut(int n, const Place& at, const float4 (&state)[kTileKeys], HeadTile& tile) {
#pragma unroll 1
  for (int i = 0; i < n; ++i) {
    float q[kTileKeys];
    *reinterpret_cast<float4*>(q) = LoadQuad(tile.q[i] + at.first_key());
    *reinterpret_cast<float4*>(q + kQuad) = LoadQuad(tile.q[i] + at.first_key() + kQuad);
    float4 sum = {};
#pragma unroll
    for (int d = 0; d < kTileKeys; ++d) sum = Fma(q[d], state[d], sum);
    sum = sum * tile.from_start[i];
#pragma unroll 1
    for (int j = at.group(); j < n; j += kGroups) {
      sum = Fma(tile.scores[i][j], LoadQuad(tile.v[j] + at.first_value()), sum);
    }
#pragma unroll
    for (int apart = kQuadsPerWarp; apart < kWarp; apart *= 2) {
      sum = sum + make_float4(__shfl_xor_sync(kAllLanes, sum.x, apart),
                              __shfl_xor_sync(kAllLanes, sum.y, apart),
                              __shfl_xor_sync(kAllLanes, sum.z, apart),
                              __shfl_xor_sync(kAllLanes, sum.w, apart));
    }
    if (at.group() == 0) StoreQuad(tile.num[i] + at.first_value(), sum);
  }
#pragma unroll 1
  for (int i = at.warp; i < n; i += kHeadWarps) {
    float sum =
        tile.q[i][at.lane] * tile.z[at.lane] + tile.q[i][at.lane + kWarp] * tile.z[at.lane + kWarp];
    sum *= tile.from_start[i];
    if (at.lane < n) sum += tile.scores[i][at.lane];
    sum = LaneSum(sum);
    if (at.lane == 0) tile.den[i] = sum;
  }
}

// The state behind the chunk. Returns z's, one component a thread, for the caller to store once
// nobody reads the old one.
__device__ float Update(int n, const Place& at, const HeadTile& tile, float4 (&state)[kTileKeys]) {
  const float total = tile.from_start[n - 1];
#pragma unroll
  for (int d = 0; d < kTileKeys; ++d) state[d] = state[d] * total;
#pragma unroll 1
  for (int j = 0; j < n; ++j) {
    float k[kTileKeys];
    *reinterpret_cast<float4*>(k) = LoadQuad(tile.k[j] + at.first_key());
    *reinterpret_cast<float4*>(k + kQuad) = LoadQuad(tile.k[j] + at.first_key() + kQuad);
    const float4 v = LoadQuad(tile.v[j] + at.first_value()) * tile.to_end[j];
#pragma unroll
    for (int d = 0; d < kTileKeys; ++d) state[d] = Fma(k[d], v, state[d]);
  }
  if (at.thread >= kHeadDim) return 0.0f;
  float z = tile.z[at.thread] * total;
#pragma unroll 1
  for (int j = 0; j < n; ++j) z = fmaf(tile.to_end[j], tile.k[j][at.thread], z);
  return z;
}

// The quotients of all heads, normalised together and gated. A warp a frame.
template <typename T>
__device__ void MergeHeads(const AttentionStepArgs<T>& args, int first, int n,
                           const HeadTile* tiles) {
  const int inner = args.heads * kHeadDim, lane = threadIdx.x % kWarp;
  const auto quotient = [&](int i, int c) {
    const HeadTile& tile = tiles[c / kHeadDim];
    return LoadQuad(tile.num[i] + c % kHeadDim) *
           __fdividef(1.0f, tile.den[i] + kDenominatorEpsilon);
  };
#pragma unroll 1
  for (int i = threadIdx.x / kWarp; i < n; i += args.heads * kHeadWarps) {
    T* const out = args.out + int64_t{first + i} * inner;
    if (args.merge_weight == nullptr) {
#pragma unroll 1
      for (int c = lane * kQuad; c < inner; c += kWarp * kQuad) StoreQuad(out + c, quotient(i, c));
      continue;
    }
    const T* const gate = args.qkvg + (first + i) * args.frame_stride + 3 * inner;
    float squares = 0.0f;
#pragma unroll 1
    for (int c = lane * kQuad; c < inner; c += kWarp * kQuad) {
      squares += Dot(quotient(i, c), quotient(i, c));
    }
    const float inv = InverseRms(LaneSum(squares), inner);
#pragma unroll 1
    for (int c = lane * kQuad; c < inner; c += kWarp * kQuad) {
      StoreQuad(out + c,
                quotient(i, c) * inv * LoadQuad(args.merge_weight + c) * Silu(LoadQuad(gate + c)));
    }
  }
}

template <typename T>
__global__ void __launch_bounds__(kMaxStepHeads* kHeadThreads, 1)
    StepAttention(AttentionStepArgs<T> args) {
  HeadTile* const tiles = BlockShared<HeadTile>();
  const int row = blockIdx.x, begin = args.rows.starts[row];
  // Looked up where it is needed, not kept from the first chunk to the last: registers are short.
  const auto end = [&] { return args.rows.starts[row + 1]; };
  const int head = threadIdx.x / kHeadThreads;
  const Place at(threadIdx.x % kHeadThreads);
  if (args.rows.slots[row] < 0) {
    const int values = (end() - begin) * args.heads * kHeadDim;
    T* const out = args.out + int64_t{begin} * args.heads * kHeadDim;
    for (int i = threadIdx.x * kQuad; i < values; i += blockDim.x * kQuad) {
      StoreQuad(out + i, float4{});
    }
    return;
  }
  if (begin == end()) return;

  HeadTile& tile = tiles[head];
  const auto kept = [&] {
    return args.state.base + args.rows.slots[row] * args.state.slot_stride +
           head * kHeadStateFloats;
  };
  const auto kept_tile = [&] { return kept() + at.first_key() * kHeadDim + at.first_value(); };
  const auto kept_z = [&] { return kept() + kHeadDim * kHeadDim; };
  float4 state[kTileKeys];
#pragma unroll
  for (int d = 0; d < kTileKeys; ++d) state[d] = LoadQuad(kept_tile() + d * kHeadDim);
  if (at.thread < kHeadDim) tile.z[at.thread] = kept_z()[at.thread];

  const int chunk = min(max(args.chunks[row], 1), kMaxStepChunk);
  for (int first = begin; first < end(); first += chunk) {
    const int n = min(chunk, end() - first);
    LoadHeads(args, head, first, n, at, tile);
    LoadDecay(args, head, first, n, at, tile);
    __syncthreads();
    ScorePairs(n, at, tile);
    __syncthreads();
    ReadOut(n, at, state, tile);
    const float z = Update(n, at, tile, state);
    __syncthreads();
    if (at.thread < kHeadDim) tile.z[at.thread] = z;
    MergeHeads(args, first, n, tiles);
    // The next chunk writes what this reads only behind its own barriers.
  }
#pragma unroll
  for (int d = 0; d < kTileKeys; ++d) StoreQuad(kept_tile() + d * kHeadDim, state[d]);
  if (at.thread < kHeadDim) kept_z()[at.thread] = tile.z[at.thread];
}

}  // namespace

template <typename T>
cudaError_t AttentionStep(const AttentionStepArgs<T>& args, cudaStream_t stream) {
  if (args.heads < 1 || args.heads > kMaxStepHeads) return cudaErrorInvalidValue;
  if (args.decay_weight != nullptr && args.width % kQuad != 0) return cudaErrorInvalidValue;
  return Launch(StepAttention<T>, static_cast<unsigned>(args.rows.rows), args.heads * kHeadThreads,
                args.heads * sizeof(HeadTile), stream, args);
}

template cudaError_t AttentionStep(const AttentionStepArgs<float>&, cudaStream_t);
template cudaError_t AttentionStep(const AttentionStepArgs<BFloat16>&, cudaStream_t);

}  // namespace rill::kernels::cuda
