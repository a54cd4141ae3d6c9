// Causal linear attention over whole sequences, forward and backward: the parallel form, for
// training and long recordings. Linear in the number of frames. Pure functions on caller's memory;
// any thread. One call uses the calling thread only.
//
// Katharopoulos et al., "Transformers are RNNs" (ICML 2020), equations 8-15 and Algorithm 1, with
// two extensions that are off when their pointers are null: a log-decay per head and frame on S and
// z alike, and chunks inside which every query sees every key.
//
// With a_t the running sum of log_decay from the sequence's start, and chunk_end[t] the exclusive
// end of the chunk that frame t lies in:
//   weight(i, j) = exp(-|a_i - a_j|)        for every j < chunk_end[i], else 0
//   num_i = sum_j weight(i, j) (q_i . k_j) v_j  + exp(a_i) q_i . S0        (S0 = 0 here)
//   den_i = sum_j weight(i, j) (q_i . k_j)      + exp(a_i) q_i . z0
// Only differences inside a block are exponentiated, so nothing overflows; a log_decay below -128
// counts as -128. A chunk longer than a block is read through two states, one of what came before
// and one of the rest of the chunk, so the time is linear in the frames whatever the chunks. q and
// k come already mapped by phi(x) = elu(x) + 1. The quotient num / den is left to the caller, as in
// the paper. Sums, decay and the state carried from block to block are float whatever T is.
#pragma once

#include <cstdint>

#include "kernels/bfloat16.h"

namespace rill::kernels {

inline constexpr int kHeadDim = 64;  // D = M: every head is 64 wide, so its state S is 64 x 64

struct AttentionShape {
  int64_t batch;
  int64_t heads;
  int64_t frames;
};

// T is float or BFloat16. Shapes: q, k, v, num: [batch, heads, frames, 64]; den, log_decay:
// [batch, heads, frames]; chunk_end: [batch, frames] (null: chunks of one frame, i.e. the paper's
// causal mask; else never decreasing, and chunk_end[t] > t); z0: [heads, 64] (null: zero).
template <typename T>
struct AttentionInputs {
  const T* q;
  const T* k;
  const T* v;
  const float* log_decay = nullptr;
  const int32_t* chunk_end = nullptr;
  const float* z0 = nullptr;
};

template <typename T>
void LinearAttentionForward(const AttentionShape& shape, const AttentionInputs<T>& in, T* num,
                            float* den);

// Gradients: d_q, d_k, d_v are overwritten; d_log_decay is overwritten (null if log_decay is null);
// d_z0 [heads, 64] is added to (null if z0 is null).
template <typename T>
struct AttentionGradients {
  T* d_q;
  T* d_k;
  T* d_v;
  float* d_log_decay = nullptr;
  float* d_z0 = nullptr;
};

// Algorithm 1's backward: rebuilds the state block by block instead of storing it per frame, so
// memory is O(frames * 64) beside one state per block.
template <typename T>
void LinearAttentionBackward(const AttentionShape& shape, const AttentionInputs<T>& in,
                             const T* d_num, const float* d_den, const AttentionGradients<T>& out);

}  // namespace rill::kernels
