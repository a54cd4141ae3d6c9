// The backward pass of linear attention, one head of one sequence.
//
// With G = [d_num, d_den] and V = [v, 1] of 65 columns, both num and den are num = (w o q k^T) V,
// so their gradients are one. Four sums run over the blocks, each anchored at the border between
// two blocks and stored transposed ([65, 64]):
//   state    S = sum_j k_j V_j^T over earlier frames      ahead   dS = sum_i q_i G_i^T over later
//   ones later    the same as S over later pieces              earlier the same as dS over earlier
//   pieces
//            of a chunk longer than a block                       of a chunk longer than a block
// A sweep from the last block to the first stores `ahead` and `later`; a sweep from the first to
// the last carries `state` and `earlier` and writes every gradient.
//
// d_log_decay[t] is the sum of +-(weight * its gradient) over the pairs (i, j) that lie on
// different sides of t's step. Pairs with both frames outside the block are <S, dS>; the others are
// a running sum over the block of the gradient with respect to a. Nothing accumulates over blocks.
#include "kernels/cpu/attention_tiles.h"
#include "kernels/cpu/block_weights.h"
#include "kernels/cpu/linear_attention_simd.h"
#include "kernels/cpu/tile_matmul.h"
#include "kernels/cpu/vector_math.h"

namespace rill::kernels::RILL_SIMD {
namespace {

constexpr int kDim = kHeadDim;
constexpr int kWide = AttentionTiles::kWide;

// to = weight o from, row by row.
void ScaleRows(int n, const float* weight, const float* from, float* to) {
  for (int i = 0; i < n; ++i) {
    for (int d = 0; d < kDim; d += kLanes) {
      Store(Load(from + i * kDim + d) * weight[i], to + i * kDim + d);
    }
  }
}

// sum = total * sum + sum_i weight[i] wide_i rows_i^T
void AddToSum(int n, float total, const float* weight, const float* wide, const float* rows,
              AttentionTiles& t, float* sum) {
  ScaleRows(n, weight, rows, t.spare);
  MultiplyTiles({.a = wide,
                 .a_row = 1,
                 .a_depth = kWide,
                 .b = t.spare,
                 .b_row = kDim,
                 .c = sum,
                 .c_row = kDim,
                 .beta = total},
                kDim + 1, n, kDim);
}

// out = weight o (wide sum): what the block's frames read of a sum.
void ReadSum(int n, const float* weight, const float* wide, const float* sum, float* out) {
  MultiplyTiles({.a = wide,
                 .a_row = kWide,
                 .a_depth = 1,
                 .b = sum,
                 .b_row = kDim,
                 .c = out,
                 .c_row = kDim,
                 .scale = weight},
                n, kDim + 1, kDim);
}

// d_a[i] += sign * rows_i . d_rows_i
void AddRowDots(int n, float sign, const float* rows, const float* d_rows, float* d_a) {
  for (int i = 0; i < n; ++i) d_a[i] += sign * RowDot(rows + i * kDim, d_rows + i * kDim);
}

// out = w o (wide sum) as ReadSum, added to what is there, with its share of d_a.
void AddReadSum(const BlockWeights& w, float sign, const float* weight, const float* wide,
                const float* sum, const float* rows, AttentionTiles& t, float* d_a) {
  ReadSum(w.frames, weight, wide, sum, t.spare);
  if (w.decays) AddRowDots(w.frames, sign, rows, t.spare, d_a);
  for (int i = 0; i < w.frames * kDim; i += kLanes) {
    Store(Load(t.out + i) + Load(t.spare + i), t.out + i);
  }
}

// t.scores = w o q k^T, t.d_scores = w o G V^T, and what their product gives to d_a.
void ScoreInside(const BlockWeights& w, AttentionTiles& t, float* d_a) {
  const int n = w.frames;
  ScorePairs(w, t.q, kDim, kDim, t.k_transposed, t.scores);
  ScorePairs(w, t.d_num, kWide, kDim + 1, t.v_transposed, t.d_scores);
  for (int i = 0; i < n; ++i) {
    float* scores = t.scores + i * kBlockFrames;
    float* d_scores = t.d_scores + i * kBlockFrames;
    Vec sum = {};
    for (int j = 0; j < VisibleColumns(w, i & -kTileRows); j += kLanes) {
      Vec score = w.Mask(Load(scores + j), i, j);
      Vec d_score = w.Mask(Load(d_scores + j), i, j);
      if (w.decays) {
        const Vec weight = w.Decay(i, j);
        score *= weight;
        const Vec pair = score * d_score;
        d_score *= weight;
        const IntVec key = BlockWeights::Lanes() + j;
        const Vec signed_pair = key < i ? pair : (key > i ? -pair : Vec{});
        sum += signed_pair;
        Store(Load(d_a + j) - signed_pair, d_a + j);
      }
      Store(score, scores + j);
      Store(d_score, d_scores + j);
    }
    if (w.decays) d_a[i] += Sum(sum);
  }
}

// t.out += scores^T rows, for the keys.
void AddFromQueries(const BlockWeights& w, const float* scores, const float* rows, int rows_row,
                    AttentionTiles& t) {
  MultiplyTiles({.a = scores,
                 .a_row = 1,
                 .a_depth = kBlockFrames,
                 .b = rows,
                 .b_row = rows_row,
                 .c = t.out,
                 .c_row = kDim,
                 .beta = 1.0f},
                w.frames, [&](int row) {
                  return TileExtent{w.first_query[row], w.frames, kDim};
                });
}

template <typename T>
void LoadWide(const T* from, const float* last_column, const AttentionBlock& block, float* tile) {
  LoadTile(from, block, tile, kWide);
  const int n = block.end - block.begin;
  for (int i = 0; i < n; ++i) {
    tile[i * kWide + kDim] = last_column == nullptr ? 1.0f : last_column[block.begin + i];
  }
}

// Stores `ahead` and `later` of every block; d_z0 is added to.
template <typename T>
void SweepBack(const AttentionPlan& plan, const HeadInputs<T>& in, const AttentionScratch& scratch,
               const HeadGradients<T>& out) {
  AttentionTiles& t = *scratch.tiles;
  BlockWeights w;
  ClearState(scratch.ahead + (plan.num_blocks - 1) * kStateFloats);
  for (int64_t b = plan.num_blocks - 1; b >= 0; --b) {
    const AttentionBlock& block = plan.blocks[b];
    if (b == 0 && out.d_z0 == nullptr) break;
    const int n = block.end - block.begin;
    PrepareWeights(block, in.log_decay, in.chunk_end, w);
    LoadTile(in.q, block, t.q, kDim);
    LoadWide(out.d_num, out.d_den, block, t.d_num);
    // What lies ahead of this block, and then of the one before it.
    float* ahead = scratch.ahead + b * kStateFloats;
    float* before = b > 0 ? ahead - kStateFloats : t.state;
    CopyState(ahead, before);
    AddToSum(n, w.total, w.from_start, t.d_num, t.q, t, before);

    if (b > 0 && plan.blocks[b - 1].later >= 0) {
      float* later = scratch.later + plan.blocks[b - 1].later * kStateFloats;
      if (block.later >= 0) {
        CopyState(scratch.later + block.later * kStateFloats, later);
      } else {
        ClearState(later);
      }
      LoadTile(in.k, block, t.k, kDim);
      LoadWide(in.v, nullptr, block, t.v);
      AddToSum(n, w.total, w.from_start, t.v, t.k, t, later);
    }
  }
  if (out.d_z0 == nullptr) return;
  for (int d = 0; d < kDim; d += kLanes) {
    Store(Load(out.d_z0 + d) + Load(t.state + kDim * kDim + d), out.d_z0 + d);
  }
}

float StateDot(const float* a, const float* b) {
  Vec sum = {};
  for (int i = 0; i < kStateFloats; i += kLanes) sum = Fma(Load(a + i), Load(b + i), sum);
  return Sum(sum);
}

// One block's gradients, given the four sums at its borders; `earlier` and `later` may be null.
template <typename T>
void BlockGradients(const AttentionBlock& block, const BlockWeights& w, const float* ahead,
                    const float* later, const float* earlier, AttentionTiles& t, float* d_a,
                    const HeadGradients<T>& out) {
  const int n = w.frames;
  ScoreInside(w, t, d_a);

  ReadSum(n, w.from_start, t.d_num, t.state, t.out);
  if (w.decays) AddRowDots(n, 1.0f, t.q, t.out, d_a);
  if (later != nullptr) AddReadSum(w, -1.0f, w.to_end, t.d_num, later, t.q, t, d_a);
  ReadPairs(w, t.d_scores, t.k, kDim, /*beta=*/1.0f, t.out);
  StoreTile(t.out, block, out.d_q);

  ReadSum(n, w.to_end, t.v, ahead, t.out);
  if (w.decays) AddRowDots(n, -1.0f, t.k, t.out, d_a);
  if (earlier != nullptr) AddReadSum(w, 1.0f, w.from_start, t.v, earlier, t.k, t, d_a);
  AddFromQueries(w, t.d_scores, t.q, kDim, t);
  StoreTile(t.out, block, out.d_k);

  TileProduct d_v{.a = t.k,
                  .a_row = kDim,
                  .a_depth = 1,
                  .b = t.spare,
                  .b_row = kDim,
                  .c = t.out,
                  .c_row = kDim,
                  .scale = w.to_end};
  TransposeTile(ahead, kDim, kDim, kDim, t.spare, kDim);
  MultiplyTiles(d_v, n, kDim, kDim);
  if (earlier != nullptr) {
    TransposeTile(earlier, kDim, kDim, kDim, t.spare, kDim);
    d_v.scale = w.from_start;
    d_v.beta = 1.0f;
    MultiplyTiles(d_v, n, kDim, kDim);
  }
  AddFromQueries(w, t.scores, t.d_num, kWide, t);
  StoreTile(t.out, block, out.d_v);
}

template <typename T>
void AttendBackward(const AttentionPlan& plan, const HeadInputs<T>& in,
                    const AttentionScratch& scratch, const HeadGradients<T>& out) {
  if (plan.num_blocks == 0) return;
  AttentionTiles& t = *scratch.tiles;
  BlockWeights w;
  SweepBack(plan, in, scratch, out);

  StartState(in.z0, t.state);
  bool inside_chunk = false;  // the block before is an earlier piece of the same chunk
  for (int64_t b = 0; b < plan.num_blocks; ++b) {
    const AttentionBlock& block = plan.blocks[b];
    const int n = block.end - block.begin;
    PrepareWeights(block, in.log_decay, in.chunk_end, w);
    LoadTile(in.q, block, t.q, kDim);
    LoadTile(in.k, block, t.k, kDim);
    LoadWide(in.v, nullptr, block, t.v);
    LoadWide(out.d_num, out.d_den, block, t.d_num);
    TransposeTile(t.k, kDim, RoundUp(n), kDim, t.k_transposed, kBlockFrames);
    TransposeTile(t.v, kWide, RoundUp(n), kDim, t.v_transposed, kBlockFrames);
    for (int j = 0; j < kBlockFrames; ++j) t.v_transposed[kDim * kBlockFrames + j] = 1.0f;

    const float* ahead = scratch.ahead + b * kStateFloats;
    const float* later = block.later >= 0 ? scratch.later + block.later * kStateFloats : nullptr;
    float d_a[kBlockFrames] = {};
    BlockGradients(block, w, ahead, later, inside_chunk ? t.earlier : nullptr, t, d_a, out);

    AddToSum(n, w.total, w.to_end, t.v, t.k, t, t.state);
    if (later != nullptr) {
      if (!inside_chunk) ClearState(t.earlier);
      AddToSum(n, w.total, w.to_end, t.d_num, t.q, t, t.earlier);
    }
    inside_chunk = later != nullptr;
    if (out.d_log_decay == nullptr) continue;
    double sum = StateDot(t.state, ahead);
    if (later != nullptr) sum += StateDot(later, t.earlier);
    for (int i = n - 1; i >= 0; --i) {
      sum += d_a[i];
      out.d_log_decay[block.begin + i] = static_cast<float>(sum);
    }
  }
}

}  // namespace

void AttendHeadBackward(const AttentionPlan& plan, const HeadInputs<float>& in,
                        const AttentionScratch& scratch, const HeadGradients<float>& out) {
  AttendBackward(plan, in, scratch, out);
}

void AttendHeadBackward(const AttentionPlan& plan, const HeadInputs<BFloat16>& in,
                        const AttentionScratch& scratch, const HeadGradients<BFloat16>& out) {
  AttendBackward(plan, in, scratch, out);
}

}  // namespace rill::kernels::RILL_SIMD
