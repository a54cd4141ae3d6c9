// The forward pass of linear attention, one head of one sequence.
#include "kernels/cpu/linear_attention_simd.h"

#include "kernels/cpu/attention_tiles.h"
#include "kernels/cpu/block_weights.h"
#include "kernels/cpu/tile_matmul.h"
#include "kernels/cpu/vector_math.h"

namespace rill::kernels::RILL_SIMD {
namespace {

constexpr int kDim = kHeadDim;
constexpr int kWide = AttentionTiles::kWide;

// state = total * state + sum_j weight[j] * k_j [v_j, 1]^T
void AddToState(int n, float total, const float* weight, AttentionTiles& t, float* state) {
  for (int d = 0; d < kDim; ++d) {
    for (int j = 0; j < n; j += kLanes) {
      Store(Load(t.k_transposed + d * kBlockFrames + j) * Load(weight + j), t.spare + d * kDim + j);
    }
  }
  MultiplyTiles({.a = t.spare,
                 .a_row = kBlockFrames,
                 .a_depth = 1,
                 .b = t.v,
                 .b_row = kWide,
                 .c = state,
                 .c_row = kDim,
                 .beta = total},
                kDim, n, kDim);
  float* z = state + kDim * kDim;
  for (int d = 0; d < kDim; d += kLanes) {
    Vec sum = Load(z + d) * total;
    for (int j = 0; j < n; ++j) sum = Fma(Splat(weight[j]), Load(t.k + j * kDim + d), sum);
    Store(sum, z + d);
  }
}

// Adds what the queries read of a state, weighted, to the numerators in t.out and to den.
void ReadState(int n, const float* weight, const float* state, AttentionTiles& t, float* den) {
  MultiplyTiles({.a = t.q,
                 .a_row = kDim,
                 .a_depth = 1,
                 .b = state,
                 .b_row = kDim,
                 .c = t.out,
                 .c_row = kDim,
                 .scale = weight,
                 .beta = 1.0f},
                n, kDim, kDim);
  for (int i = 0; i < n; ++i) {
    den[i] += weight[i] * RowDot(t.q + i * kDim, state + kDim * kDim);
  }
}

// t.scores = weight(i, j) (q_i . k_j), den their sums, t.out = scores v
void AttendInside(const BlockWeights& w, AttentionTiles& t, float* den) {
  const int n = w.frames;
  ScorePairs(w, t.q, kDim, kDim, t.k_transposed, t.scores);
  for (int i = 0; i < n; ++i) {
    float* row = t.scores + i * kBlockFrames;
    Vec sum = {};
    for (int j = 0; j < VisibleColumns(w, i & -kTileRows); j += kLanes) {
      Vec score = w.Mask(Load(row + j), i, j);
      if (w.decays) score *= w.Decay(i, j);
      Store(score, row + j);
      sum += score;
    }
    den[i] = Sum(sum);
  }
  ReadPairs(w, t.scores, t.v, kWide, /*beta=*/0.0f, t.out);
}

// scratch.later = for every piece of a long chunk, the sums over the chunk's pieces behind it.
template <typename T>
void SumLaterPieces(const AttentionPlan& plan, const HeadInputs<T>& in,
                    const AttentionScratch& scratch) {
  AttentionTiles& t = *scratch.tiles;
  BlockWeights w;
  for (int64_t b = plan.num_blocks - 2; b >= 0; --b) {
    const AttentionBlock& next = plan.blocks[b + 1];
    if (plan.blocks[b].later < 0) continue;
    float* state = scratch.later + plan.blocks[b].later * kStateFloats;
    if (next.later >= 0) {
      CopyState(scratch.later + next.later * kStateFloats, state);
    } else {
      ClearState(state);
    }
    PrepareWeights(next, in.log_decay, in.chunk_end, w);
    LoadTile(in.k, next, t.k, kDim);
    LoadTile(in.v, next, t.v, kWide);
    TransposeTile(t.k, kDim, RoundUp(w.frames), kDim, t.k_transposed, kBlockFrames);
    AddToState(w.frames, w.total, w.from_start, t, state);
  }
}

template <typename T>
void Attend(const AttentionPlan& plan, const HeadInputs<T>& in, const AttentionScratch& scratch,
            T* num, float* den) {
  AttentionTiles& t = *scratch.tiles;
  BlockWeights w;
  SumLaterPieces(plan, in, scratch);
  StartState(in.z0, t.state);
  for (int64_t b = 0; b < plan.num_blocks; ++b) {
    const AttentionBlock& block = plan.blocks[b];
    const int n = block.end - block.begin;
    PrepareWeights(block, in.log_decay, in.chunk_end, w);
    LoadTile(in.q, block, t.q, kDim);
    LoadTile(in.k, block, t.k, kDim);
    LoadTile(in.v, block, t.v, kWide);
    TransposeTile(t.k, kDim, RoundUp(n), kDim, t.k_transposed, kBlockFrames);

    float* block_den = den + block.begin;
    AttendInside(w, t, block_den);
    ReadState(n, w.from_start, t.state, t, block_den);
    if (block.later >= 0) {
      ReadState(n, w.to_end, scratch.later + block.later * kStateFloats, t, block_den);
    }
    StoreTile(t.out, block, num);
    if (b + 1 < plan.num_blocks) AddToState(n, w.total, w.to_end, t, t.state);
  }
}

}  // namespace

void AttendHead(const AttentionPlan& plan, const HeadInputs<float>& in,
                const AttentionScratch& scratch, float* num, float* den) {
  Attend(plan, in, scratch, num, den);
}

void AttendHead(const AttentionPlan& plan, const HeadInputs<BFloat16>& in,
                const AttentionScratch& scratch, BFloat16* num, float* den) {
  Attend(plan, in, scratch, num, den);
}

}  // namespace rill::kernels::RILL_SIMD
