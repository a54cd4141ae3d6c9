// The sums that linear attention carries from block to block of 64 frames, for all blocks at once:
// each block's own share first, then the running sums over blocks, in place. Private to
// kernels/cuda. Work is queued on `stream`.
//
// A sum is [65, 64]: row m < 64 is sum_t w_t wide_t[m] rows_t, row 64 is sum_t w_t last_t rows_t,
// where (rows, wide, last) are (k, v, 1) for the first two and (q, d_num, d_den) for the others:
//   state    over all frames before the block             ahead    over all frames behind it
//   later    over the rest, behind the block, of the      earlier  over the part, before the block,
//            chunk that its last frame lies in                     of the chunk its first frame is
//            in
// Where no chunk crosses a block's border, `later` and `earlier` are not written.
#pragma once

#include <cuda_runtime.h>

#include <cstddef>
#include <cstdint>

#include "kernels/cpu/linear_attention.h"

namespace rill::kernels::cuda {

inline constexpr int64_t kSumFloats = (kHeadDim + 1) * kHeadDim;

// Each [batch * heads, blocks, 65, 64]; null: not wanted.
struct AttentionSums {
  float* state = nullptr;
  float* ahead = nullptr;
  float* later = nullptr;
  float* earlier = nullptr;
  float* totals = nullptr;      // [batch * heads, blocks]: what a block leaves of what was before
  float* sink_share = nullptr;  // [batch * heads, 64]: what z0's gradient gets from a sequence
};

constexpr int64_t AttentionBlocks(int64_t frames) { return (frames + kHeadDim - 1) / kHeadDim; }

// The parts of `scratch`. has_ahead: in the backward pass.
AttentionSums PlanSums(const AttentionShape& shape, bool has_ahead, bool has_chunks, void* scratch,
                       size_t* bytes);

// d_num, d_den: null if `ahead` and `earlier` are not wanted.
template <typename T>
cudaError_t ComputeSums(const AttentionShape& shape, const AttentionInputs<T>& in, const T* d_num,
                        const float* d_den, const AttentionSums& sums, cudaStream_t stream);

}  // namespace rill::kernels::cuda
