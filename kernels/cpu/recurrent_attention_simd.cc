#include "kernels/cpu/recurrent_attention_simd.h"

#include "kernels/cpu/block_weights.h"
#include "kernels/cpu/tile_matmul.h"
#include "kernels/cpu/vector_math.h"

namespace rill::kernels::RILL_SIMD {
namespace {

constexpr int kDim = kHeadDim;
constexpr int kVecs = kDim / kLanes;

// Sixteen partial sums, added in pairs that lie 8, 4, 2 and 1 apart: the same bits whatever kLanes.
float Dot(const float* a, const float* b) {
  alignas(64) float sums[16] = {};
  for (int part = 0; part < 16; part += kLanes) {
    Vec sum = {};
    for (int d = part; d < kDim; d += 16) sum = Fma(Load(a + d), Load(b + d), sum);
    Store(sum, sums + part);
  }
  for (int apart = 8; apart > 0; apart /= 2) {
    for (int i = 0; i < apart; ++i) sums[i] += sums[i + apart];
  }
  return sums[0];
}

RILL_INLINE void Prefetch(const float* p) {
  if (p != nullptr) __builtin_prefetch(p, 1, 2);
}

// A chunk of one frame: update, then read. Equations 18-20 of the paper, S and z decayed first.
template <bool kDecays>
void StepFrame(const HeadStep& s, int64_t t, const float* next_state) {
  const float* q = s.q + t * s.qkv_stride;
  const float* k = s.k + t * s.qkv_stride;
  const float* v = s.v + t * s.qkv_stride;
  const float keep = kDecays ? Exp(s.log_decay[t * s.scalar_stride]) : 1.0f;

  Vec value[kVecs];
  Vec num[kVecs] = {};
  for (int m = 0; m < kVecs; ++m) value[m] = Load(v + m * kLanes);
  for (int d = 0; d < kDim; ++d) {
    float* row = s.state + d * kDim;
    const Vec key = Splat(k[d]);
    const Vec query = Splat(q[d]);
#pragma GCC unroll 8
    for (int m = 0; m < kVecs; ++m) {
      Vec sum = Load(row + m * kLanes);
      if (kDecays) sum *= keep;
      sum = Fma(key, value[m], sum);
      Store(sum, row + m * kLanes);
      num[m] = Fma(query, sum, num[m]);
    }
    if (next_state != nullptr) {
      for (int m = 0; m < kDim; m += 16) Prefetch(next_state + d * kDim + m);
    }
  }
  for (int m = 0; m < kVecs; ++m) Store(num[m], s.num + t * s.num_stride + m * kLanes);

  float* z = s.state + kDim * kDim;
  for (int d = 0; d < kDim; d += kLanes) {
    Vec sum = Load(z + d);
    if (kDecays) sum *= keep;
    Store(sum + Load(k + d), z + d);
  }
  s.den[t * s.scalar_stride] = Dot(q, z);
}

struct alignas(64) ChunkTiles {
  float k[kMaxChunkFrames * kDim];
  float k_transposed[kDim * kMaxChunkFrames];
  float scores[kMaxChunkFrames * kMaxChunkFrames];
};

// Frames t .. t + n - 1, a chunk: read what was before it, attend inside it, then update.
void StepChunk(const HeadStep& s, int64_t t, int n, const float* next_state) {
  ChunkTiles tiles;
  BlockWeights w;
  const int padded = (n + 15) & -16;
  const float* q = s.q + t * s.qkv_stride;
  const float* k = s.k + t * s.qkv_stride;
  const float* v = s.v + t * s.qkv_stride;
  float* num = s.num + t * s.num_stride;
  float* z = s.state + kDim * kDim;

  PrepareDecay(n, s.log_decay == nullptr ? nullptr : s.log_decay + t * s.scalar_stride,
               s.scalar_stride, w);
  for (int j = 0; j < padded; ++j) {
    for (int d = 0; d < kDim; d += kLanes) {
      Store(j < n ? Load(k + j * s.qkv_stride + d) : Vec{}, tiles.k + j * kDim + d);
    }
  }
  TransposeTile(tiles.k, kDim, padded, kDim, tiles.k_transposed, padded);
  MultiplyTiles({.a = q,
                 .a_row = s.qkv_stride,
                 .a_depth = 1,
                 .b = tiles.k_transposed,
                 .b_row = padded,
                 .c = tiles.scores,
                 .c_row = padded},
                n, kDim, padded);
  for (int i = 0; i < n; ++i) {
    Vec sum = {};
    for (int j = 0; j < padded; j += kLanes) {
      Vec score = Load(tiles.scores + i * padded + j);  // zero beyond the chunk, as k is
      if (w.decays) score *= w.Decay(i, j);
      Store(score, tiles.scores + i * padded + j);
      sum += score;
    }
    s.den[(t + i) * s.scalar_stride] = Sum(sum) + w.from_start[i] * Dot(q + i * s.qkv_stride, z);
  }
  MultiplyTiles({.a = q,
                 .a_row = s.qkv_stride,
                 .a_depth = 1,
                 .b = s.state,
                 .b_row = kDim,
                 .c = num,
                 .c_row = s.num_stride,
                 .scale = w.from_start},
                n, kDim, kDim);
  MultiplyTiles({.a = tiles.scores,
                 .a_row = padded,
                 .a_depth = 1,
                 .b = v,
                 .b_row = s.qkv_stride,
                 .c = num,
                 .c_row = s.num_stride,
                 .beta = 1.0f},
                n, n, kDim);

  if (w.decays) {
    for (int j = 0; j < n; ++j) {
      for (int d = 0; d < kDim; d += kLanes) {
        Store(Load(tiles.k + j * kDim + d) * w.to_end[j], tiles.k + j * kDim + d);
      }
    }
  }
  MultiplyTiles({.a = tiles.k,
                 .a_row = 1,
                 .a_depth = kDim,
                 .b = v,
                 .b_row = s.qkv_stride,
                 .c = s.state,
                 .c_row = kDim,
                 .beta = w.total},
                kDim, [&](int row) {
                  if (next_state != nullptr) {
                    for (int line = 0; line < kTileRows * kDim; line += 16) {
                      Prefetch(next_state + row * kDim + line);
                    }
                  }
                  return TileExtent{0, n, kDim};
                });
  for (int d = 0; d < kDim; d += kLanes) {
    Vec sum = Load(z + d) * w.total;
    for (int j = 0; j < n; ++j) sum += Load(tiles.k + j * kDim + d);
    Store(sum, z + d);
  }
}

}  // namespace

void StepHead(const HeadStep& s) {
  for (int64_t t = 0; t < s.frames; t += s.chunk) {
    const int64_t n = s.frames - t < s.chunk ? s.frames - t : s.chunk;
    const float* next_state = t + n == s.frames ? s.next_state : nullptr;
    if (n > 1) {
      StepChunk(s, t, static_cast<int>(n), next_state);
    } else if (s.log_decay != nullptr) {
      StepFrame<true>(s, t, next_state);
    } else {
      StepFrame<false>(s, t, next_state);
    }
  }
}

}  // namespace rill::kernels::RILL_SIMD
