// Products of small float matrices that lie in the nearest caches: a register-blocked micro-kernel
// and the transposition that prepares its operands. For *_simd.cc only; pure functions, any thread.
//
// Goto and van de Geijn, "Anatomy of High-Performance Matrix Multiplication" (ACM TOMS 2008),
// without the packing: the operands here are a few tiles of 64 x 64.
#pragma once

#include <cstdint>
#include <utility>

#include "kernels/cpu/vector_math.h"

namespace rill::kernels::RILL_SIMD {

// c[i, :] = beta * c[i, :] + scale[i] * sum_k a[i, k] * b[k, :]
// a is read one number at a time, so it may lie either way round; b and c are row-major.
struct TileProduct {
  const float* a;
  int64_t a_row;    // from a[i, k] to a[i + 1, k]
  int64_t a_depth;  // from a[i, k] to a[i, k + 1]
  const float* b;
  int64_t b_row;
  float* c;
  int64_t c_row;
  const float* scale = nullptr;  // null: 1
  float beta = 0.0f;
};

// The part of a product that a few rows need.
struct TileExtent {
  int depth_begin;
  int depth_end;
  int columns;  // a multiple of 16
};

inline constexpr int kTileRows = 4;                          // rows of c in registers at a time
inline constexpr int kTileColumns = kLanes == 16 ? 64 : 16;  // columns likewise

namespace tile_internal {

template <int kRows, int kVecs>
__attribute__((noinline)) static void MicroKernel(const TileProduct& p, int row, int column,
                                                  const TileExtent& extent) {
  Vec sum[kRows][kVecs] = {};
  const float* a = p.a + row * p.a_row + extent.depth_begin * p.a_depth;
  const float* b = p.b + column + extent.depth_begin * p.b_row;
  for (int k = extent.depth_begin; k < extent.depth_end; ++k, a += p.a_depth, b += p.b_row) {
    Vec line[kVecs];
#pragma GCC unroll 4
    for (int v = 0; v < kVecs; ++v) line[v] = Load(b + v * kLanes);
#pragma GCC unroll 4
    for (int r = 0; r < kRows; ++r) {
      const Vec spread = Splat(a[r * p.a_row]);
#pragma GCC unroll 4
      for (int v = 0; v < kVecs; ++v) sum[r][v] = Fma(spread, line[v], sum[r][v]);
    }
  }
#pragma GCC unroll 4
  for (int r = 0; r < kRows; ++r) {
    float* c = p.c + (row + r) * p.c_row + column;
    const float scale = p.scale != nullptr ? p.scale[row + r] : 1.0f;
#pragma GCC unroll 4
    for (int v = 0; v < kVecs; ++v) {
      Vec out = sum[r][v] * scale;
      if (p.beta != 0.0f) out = Fma(Splat(p.beta), Load(c + v * kLanes), out);
      Store(out, c + v * kLanes);
    }
  }
}

template <int kRows>
RILL_INLINE void Rows(const TileProduct& p, int row, const TileExtent& extent) {
  int column = 0;
  for (; column + kTileColumns <= extent.columns; column += kTileColumns) {
    MicroKernel<kRows, kTileColumns / kLanes>(p, row, column, extent);
  }
  for (; column < extent.columns; column += 16) {
    MicroKernel<kRows, 16 / kLanes>(p, row, column, extent);
  }
}

template <int kWidth, std::size_t... kLane>
RILL_INLINE Vec LowHalves(Vec a, Vec b, std::index_sequence<kLane...>) {
  return __builtin_shufflevector(a, b, (kLane & kWidth ? kLanes + kLane - kWidth : kLane)...);
}

template <int kWidth, std::size_t... kLane>
RILL_INLINE Vec HighHalves(Vec a, Vec b, std::index_sequence<kLane...>) {
  return __builtin_shufflevector(a, b, (kLane & kWidth ? kLanes + kLane : kLane + kWidth)...);
}

// Exchanges the blocks of kWidth x kWidth beside the diagonal.
template <int kWidth>
RILL_INLINE void ExchangeBlocks(Vec* rows) {
  constexpr auto kAll = std::make_index_sequence<kLanes>();
#pragma GCC unroll 16
  for (int r = 0; r < kLanes; ++r) {
    if (r & kWidth) continue;
    const Vec upper = rows[r];
    const Vec lower = rows[r + kWidth];
    rows[r] = LowHalves<kWidth>(upper, lower, kAll);
    rows[r + kWidth] = HighHalves<kWidth>(upper, lower, kAll);
  }
}

}  // namespace tile_internal

// `rows` rows of the product; extent_of(row) gives the extent of rows row .. row + 3. Rows beyond
// the last whole group of four are computed one by one.
template <typename ExtentOf>
RILL_INLINE void MultiplyTiles(const TileProduct& p, int rows, const ExtentOf& extent_of) {
  int row = 0;
  for (; row + kTileRows <= rows; row += kTileRows) {
    tile_internal::Rows<kTileRows>(p, row, extent_of(row));
  }
  for (; row < rows; ++row) tile_internal::Rows<1>(p, row, extent_of(row));
}

RILL_INLINE void MultiplyTiles(const TileProduct& p, int rows, int depth, int columns) {
  MultiplyTiles(p, rows, [&](int) { return TileExtent{0, depth, columns}; });
}

// to[j, i] = from[i, j]; rows and columns are multiples of kLanes.
static void TransposeTile(const float* from, int64_t from_row, int rows, int columns, float* to,
                          int64_t to_row) {
  for (int i = 0; i < rows; i += kLanes) {
    for (int j = 0; j < columns; j += kLanes) {
      Vec block[kLanes];
#pragma GCC unroll 16
      for (int r = 0; r < kLanes; ++r) block[r] = Load(from + (i + r) * from_row + j);
      if constexpr (kLanes == 16) tile_internal::ExchangeBlocks<8>(block);
      tile_internal::ExchangeBlocks<4>(block);
      tile_internal::ExchangeBlocks<2>(block);
      tile_internal::ExchangeBlocks<1>(block);
#pragma GCC unroll 16
      for (int r = 0; r < kLanes; ++r) Store(block[r], to + (j + r) * to_row + i);
    }
  }
}

}  // namespace rill::kernels::RILL_SIMD
