// Moving a block's frames between memory (float or BFloat16) and float tiles, and the small helpers
// that the forward and the backward pass of linear attention share. For *_simd.cc only.
#pragma once

#include <cstdint>

#include "kernels/cpu/block_weights.h"
#include "kernels/cpu/linear_attention_simd.h"
#include "kernels/cpu/tile_matmul.h"
#include "kernels/cpu/vector_math.h"

namespace rill::kernels::RILL_SIMD {

RILL_INLINE int RoundUp(int n) { return (n + 15) & -16; }

// from: the whole sequence, [frames, 64]. Zeroes the rows up to the next multiple of 16.
template <typename T>
static void LoadTile(const T* from, const AttentionBlock& block, float* tile, int tile_row) {
  const int n = block.end - block.begin;
  from += static_cast<int64_t>(block.begin) * kHeadDim;
  for (int i = 0; i < RoundUp(n); ++i) {
    for (int d = 0; d < kHeadDim; d += kLanes) {
      Store(i < n ? Load(from + i * kHeadDim + d) : Vec{}, tile + i * tile_row + d);
    }
  }
}

template <typename T>
static void StoreTile(const float* tile, const AttentionBlock& block, T* to) {
  to += static_cast<int64_t>(block.begin) * kHeadDim;
  for (int i = 0; i < (block.end - block.begin) * kHeadDim; i += kLanes) {
    Store(Load(tile + i), to + i);
  }
}

static inline void ClearState(float* state) {
  for (int i = 0; i < kStateFloats; i += kLanes) Store(Vec{}, state + i);
}

static inline void CopyState(const float* from, float* to) {
  for (int i = 0; i < kStateFloats; i += kLanes) Store(Load(from + i), to + i);
}

// S = 0, z = z0, or 0 if that is null.
static inline void StartState(const float* z0, float* state) {
  ClearState(state);
  if (z0 == nullptr) return;
  for (int d = 0; d < kHeadDim; d += kLanes) {
    Store(Load(z0 + d), state + kHeadDim * kHeadDim + d);
  }
}

RILL_INLINE float RowDot(const float* a, const float* b) {
  Vec sum = {};
  for (int d = 0; d < kHeadDim; d += kLanes) sum = Fma(Load(a + d), Load(b + d), sum);
  return Sum(sum);
}

// The frames that the rows row .. row + 3 see, all of them together.
RILL_INLINE int LastVisible(const BlockWeights& w, int row) {
  const int last = row + kTileRows - 1;
  return w.visible[last < w.frames ? last : w.frames - 1];
}

RILL_INLINE int VisibleColumns(const BlockWeights& w, int row) {
  return RoundUp(LastVisible(w, row));
}

// scores[i, j] = rows_i . columns_j for the pairs that w lets see each other (and a few more: mask
// them). rows: [frames, rows_row], columns: [depth, kBlockFrames], transposed.
RILL_INLINE void ScorePairs(const BlockWeights& w, const float* rows, int rows_row, int depth,
                            const float* columns, float* scores) {
  MultiplyTiles({.a = rows,
                 .a_row = rows_row,
                 .a_depth = 1,
                 .b = columns,
                 .b_row = kBlockFrames,
                 .c = scores,
                 .c_row = kBlockFrames},
                w.frames, [&](int row) {
                  return TileExtent{0, depth, VisibleColumns(w, row)};
                });
}

// out_i = sum_j scores[i, j] rows_j over what i sees, added to beta * out_i. out: [frames, 64].
RILL_INLINE void ReadPairs(const BlockWeights& w, const float* scores, const float* rows,
                           int rows_row, float beta, float* out) {
  MultiplyTiles({.a = scores,
                 .a_row = kBlockFrames,
                 .a_depth = 1,
                 .b = rows,
                 .b_row = rows_row,
                 .c = out,
                 .c_row = kHeadDim,
                 .beta = beta},
                w.frames, [&](int row) {
                  return TileExtent{0, LastVisible(w, row), kHeadDim};
                });
}

}  // namespace rill::kernels::RILL_SIMD
