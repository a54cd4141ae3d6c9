// What linear_attention.cc asks of its vectorised part: one head of one sequence, forward or
// backward, block by block. Private to kernels/cpu and its tests. Any thread, each with its own
// workspace.
#pragma once

#include <cstdint>

#include "kernels/bfloat16.h"
#include "kernels/cpu/linear_attention.h"
#include "kernels/cpu/simd.h"

namespace rill::kernels {

inline constexpr int kBlockFrames = 64;

// A run of whole chunks of at most kBlockFrames together, or a piece of a chunk longer than that.
struct AttentionBlock {
  int32_t begin;
  int32_t end;
  // Index among the pieces that have a later piece of the same chunk behind them; -1: none.
  int32_t later;
};

struct AttentionPlan {
  const AttentionBlock* blocks;
  int64_t num_blocks;
};

// One head of one sequence; the meaning of AttentionInputs, without batch and head.
template <typename T>
struct HeadInputs {
  const T* q;
  const T* k;
  const T* v;
  const float* log_decay;
  const int32_t* chunk_end;
  const float* z0;
};

template <typename T>
struct HeadGradients {
  const T* d_num;
  const float* d_den;
  T* d_q;
  T* d_k;
  T* d_v;
  float* d_log_decay;
  float* d_z0;
};

// A state is 65 rows of 64: S and z in the forward pass, S transposed and z in the backward pass.
inline constexpr int64_t kStateFloats = (kHeadDim + 1) * kHeadDim;

// A block in float. q, k: [frame, dim]; v and d_num have a 65th column, 1 and d_den: the
// denominator is the numerator of a value that is always 1. Rows beyond the block are zero up to
// the next multiple of 16.
struct alignas(64) AttentionTiles {
  static constexpr int kWide = kHeadDim + 16;  // floats from row to row where there are 65 columns

  float q[kBlockFrames * kHeadDim];
  float k[kBlockFrames * kHeadDim];
  float v[kBlockFrames * kWide];
  float d_num[kBlockFrames * kWide];
  float k_transposed[kHeadDim * kBlockFrames];
  float v_transposed[(kHeadDim + 1) * kBlockFrames];
  float scores[kBlockFrames * kBlockFrames];    // q k^T, later times the weights
  float d_scores[kBlockFrames * kBlockFrames];  // gradient of scores, likewise
  float out[kBlockFrames * kHeadDim];
  float spare[kBlockFrames * kHeadDim];
  float state[kStateFloats];    // sums over all frames before the block
  float earlier[kStateFloats];  // backward: sums over the chunk's earlier pieces
};

// The caller's scratch. `later` holds a state for every block whose `later` is not -1; `ahead`
// (backward only) one for every block.
struct AttentionScratch {
  AttentionTiles* tiles;
  float* later;
  float* ahead;
};

RILL_SIMD_DECLARE(void AttendHead(const AttentionPlan& plan, const HeadInputs<float>& in,
                                  const AttentionScratch& scratch, float* num, float* den))
RILL_SIMD_DECLARE(void AttendHead(const AttentionPlan& plan, const HeadInputs<BFloat16>& in,
                                  const AttentionScratch& scratch, BFloat16* num, float* den))
RILL_SIMD_DECLARE(void AttendHeadBackward(const AttentionPlan& plan, const HeadInputs<float>& in,
                                          const AttentionScratch& scratch,
                                          const HeadGradients<float>& out))
RILL_SIMD_DECLARE(void AttendHeadBackward(const AttentionPlan& plan, const HeadInputs<BFloat16>& in,
                                          const AttentionScratch& scratch,
                                          const HeadGradients<BFloat16>& out))

}  // namespace rill::kernels
