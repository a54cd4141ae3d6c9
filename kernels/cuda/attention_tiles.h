// What the kernels of linear attention share: tiles of 64 x 64 floats in shared memory, products of
// them by a block's 256 threads, and the decay and visibility inside a block of 64 frames. Private
// to kernels/cuda.
//
// In all products a thread has four rows, one after the other, and four columns, 16 apart.
#pragma once

#include "kernels/cpu/linear_attention.h"
#include "kernels/cuda/device_math.h"

namespace rill::kernels::cuda {

inline constexpr int kTile = 64;  // frames of a block, and dimensions of a head
static_assert(kTile == kHeadDim);
inline constexpr int kTileThreads = 256;
inline constexpr int kColumnThreads = 16;
inline constexpr int kThreadTile = 4;
inline constexpr int kTileQuadsPerRow = kTile / kQuad;

struct Tile {
  float at[kTile][kTile + kQuad];  // padded: no two neighbouring rows in the same banks
};

using ThreadTile = float[kThreadTile][kThreadTile];

__device__ __forceinline__ int FirstRow() { return threadIdx.x / kColumnThreads * kThreadTile; }
__device__ __forceinline__ int Column(int c) {
  return threadIdx.x % kColumnThreads + c * kColumnThreads;
}

// sum += a b^T
__device__ __forceinline__ void AddProductNT(const Tile& a, const Tile& b, ThreadTile& sum) {
#pragma unroll 1
  for (int k = 0; k < kTile; k += kQuad) {
    float4 x[kThreadTile], y[kThreadTile];
#pragma unroll
    for (int r = 0; r < kThreadTile; ++r) x[r] = LoadQuad(a.at[FirstRow() + r] + k);
#pragma unroll
    for (int c = 0; c < kThreadTile; ++c) y[c] = LoadQuad(b.at[Column(c)] + k);
#pragma unroll
    for (int r = 0; r < kThreadTile; ++r) {
#pragma unroll
      for (int c = 0; c < kThreadTile; ++c) sum[r][c] += Dot(x[r], y[c]);
    }
  }
}

// sum += a b
__device__ __forceinline__ void AddProductNN(const Tile& a, const Tile& b, ThreadTile& sum) {
#pragma unroll 1
  for (int k = 0; k < kTile; k += kQuad) {
    float4 x[kThreadTile];
#pragma unroll
    for (int r = 0; r < kThreadTile; ++r) x[r] = LoadQuad(a.at[FirstRow() + r] + k);
#pragma unroll
    for (int c = 0; c < kThreadTile; ++c) {
      const int column = Column(c);
      const float4 y = make_float4(b.at[k][column], b.at[k + 1][column], b.at[k + 2][column],
                                   b.at[k + 3][column]);
#pragma unroll
      for (int r = 0; r < kThreadTile; ++r) sum[r][c] += Dot(x[r], y);
    }
  }
}

// sum += a^T b
__device__ __forceinline__ void AddProductTN(const Tile& a, const Tile& b, ThreadTile& sum) {
#pragma unroll 4
  for (int k = 0; k < kTile; ++k) {
    const float4 x = LoadQuad(a.at[k] + FirstRow());
#pragma unroll
    for (int c = 0; c < kThreadTile; ++c) {
      const float y = b.at[k][Column(c)];
      sum[0][c] = fmaf(x.x, y, sum[0][c]);
      sum[1][c] = fmaf(x.y, y, sum[1][c]);
      sum[2][c] = fmaf(x.z, y, sum[2][c]);
      sum[3][c] = fmaf(x.w, y, sum[3][c]);
    }
  }
}

// [rows, 64] values to a tile; rows from `rows` on are zero.
template <typename T>
__device__ void LoadTile(const T* from, int rows, Tile& tile) {
#pragma unroll 4
  for (int i = threadIdx.x; i < kTile * kTileQuadsPerRow; i += kTileThreads) {
    const int row = i / kTileQuadsPerRow, column = i % kTileQuadsPerRow * kQuad;
    StoreQuad(tile.at[row] + column,
              row < rows ? LoadQuad(from + row * kTile + column) : make_float4(0, 0, 0, 0));
  }
}

template <typename T>
__device__ void StoreTile(const Tile& tile, int rows, T* to) {
  for (int i = threadIdx.x; i < rows * kTileQuadsPerRow; i += kTileThreads) {
    const int row = i / kTileQuadsPerRow, column = i % kTileQuadsPerRow * kQuad;
    StoreQuad(to + row * kTile + column, LoadQuad(tile.at[row] + column));
  }
}

// The threads' tiles, put together.
__device__ __forceinline__ void PutTogether(const ThreadTile& from, Tile& tile) {
#pragma unroll
  for (int r = 0; r < kThreadTile; ++r) {
#pragma unroll
    for (int c = 0; c < kThreadTile; ++c) tile.at[FirstRow() + r][Column(c)] = from[r][c];
  }
}

// A block's frames in their sequence.
struct Span {
  int64_t begin, end, frames;  // of the block; of the sequence

  __device__ Span(int64_t block, int64_t frames)
      : begin(block * kTile),
        end(begin + kTile < frames ? begin + kTile : frames),
        frames(frames) {}
  __device__ int size() const { return static_cast<int>(end - begin); }
};

// The part of a head's sequence in chunk_end [batch, frames] and log_decay [batch, heads, frames];
// null if there is none.
__device__ __forceinline__ const int32_t* ChunkEndOf(const int32_t* chunk_end,
                                                     const AttentionShape& shape, int64_t head) {
  return chunk_end == nullptr ? nullptr : chunk_end + head / shape.heads * shape.frames;
}
__device__ __forceinline__ const float* LogDecayOf(const float* log_decay,
                                                   const AttentionShape& shape, int64_t head) {
  return log_decay == nullptr ? nullptr : log_decay + head * shape.frames;
}

// True if a chunk lies on both sides of the border before frame `border`.
__device__ __forceinline__ bool Straddles(const int32_t* chunk_end, int64_t border,
                                          int64_t frames) {
  return chunk_end != nullptr && border > 0 && border < frames && chunk_end[border - 1] > border;
}

// True if the chunk that reaches into the block from before reaches beyond it.
__device__ __forceinline__ bool Spans(const int32_t* chunk_end, const Span& span) {
  return chunk_end != nullptr && span.begin > 0 && chunk_end[span.begin - 1] > span.end;
}

// The decay inside a block: a is the running sum of log_decay from the block's start, kept as a
// pair of floats, whose differences are right however far the sum has run.
struct BlockWeights {
  float log_decay[kTile];
  float high[kTile], low[kTile];
  float from_start[kTile];   // exp(a_i): what was before the block, as frame i sees it
  float to_end[kTile];       // exp(a_last - a_i): frame i, as seen behind the block
  int visible[kTile];        // frame i sees the block's frames before this one; 0 beyond its end
  bool sees_later[kTile];    // frame i's chunk goes on behind the block
  bool seen_earlier[kTile];  // frame i's chunk began before the block

  __device__ float Between(int i, int j) const {
    return expf(-fabsf((high[i] - high[j]) + (low[i] - low[j])));
  }
  __device__ float total(const Span& span) const { return from_start[span.size() - 1]; }
};

// log_decay and chunk_end are the sequence's, or null. Has barriers, the last one at its end.
__device__ __forceinline__ void PrepareWeights(const Span& span, const float* log_decay,
                                               const int32_t* chunk_end, BlockWeights& w) {
  const int i = threadIdx.x, n = span.size();
  if (i < kTile) {
    w.log_decay[i] =
        log_decay != nullptr && i < n ? fmaxf(log_decay[span.begin + i], kLeastLogDecay) : 0.0f;
  }
  __syncthreads();
  if (i < kTile) {
    double sum = 0.0;
    for (int t = 0; t <= i; ++t) sum += w.log_decay[t];
    w.high[i] = static_cast<float>(sum);
    w.low[i] = static_cast<float>(sum - w.high[i]);
    w.from_start[i] = expf(w.high[i]);
    const int64_t sees = chunk_end != nullptr && i < n ? chunk_end[span.begin + i] : 0;
    const int inside = static_cast<int>(min(sees, span.end) - span.begin);
    w.visible[i] = i < n ? max(i + 1, inside) : 0;
    w.sees_later[i] = sees > span.end;
    w.seen_earlier[i] = chunk_end != nullptr && i < n && span.begin > 0 &&
                        span.begin + i < chunk_end[span.begin - 1];
  }
  __syncthreads();
  if (i < kTile) w.to_end[i] = i < n ? w.Between(n - 1, i) : 0.0f;
  __syncthreads();
}

}  // namespace rill::kernels::cuda
