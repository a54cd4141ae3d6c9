// The serving step of linear attention: one or more chunks of some streams go in, the streams'
// states are read and written in place, once a chunk. Thread rule: calls may run at the same time
// if they name different state rows.
//
// For each row, chunk by chunk (q = phi(query), k = phi(key), a = running sum of log_decay in the
// chunk, C = its last frame):
//   num_i = sum_j exp(-|a_i - a_j|) (q_i . k_j) v_j + exp(a_i) q_i . S        j over the chunk
//   den_i = sum_j exp(-|a_i - a_j|) (q_i . k_j)     + exp(a_i) q_i . z
//   S <- exp(a_C) S + sum_j exp(a_C - a_j) k_j v_j^T,   z likewise
// which is the recurrent twin of kernels/cpu/linear_attention.h. In `paper` mode (log_decay null,
// chunks of one frame) this is equations 16-20 of Katharopoulos et al. (ICML 2020) to the letter:
//   S <- S + k v^T,  z <- z + k,  y = q . S / q . z
#pragma once

#include <cstdint>

#include "kernels/cpu/linear_attention.h"

namespace rill::kernels {

// Where a head's state lies. Strides are in floats; S is [64 (key), 64 (value)], z is [64].
struct AttentionState {
  float* base;          // start of the arena's first slot, this layer
  int64_t slot_stride;  // from one slot to the next
  int64_t head_stride;  // from one head's S to the next; its z follows S directly
};

inline constexpr int64_t kHeadStateFloats = kHeadDim * kHeadDim + kHeadDim;

inline constexpr int kMaxChunkFrames = 64;  // longer chunks are cut, shorter than 1 count as 1

struct RecurrentAttentionArgs {
  int64_t rows;  // streams in this call
  int64_t heads;
  const int32_t* slots;   // [rows]; -1: a padding row, its outputs are zero; no slot twice
  const int32_t* frames;  // [rows]; frames of this row in this call, >= 0
  const int32_t* chunks;  // [rows]; chunk length; the row's last chunk may be shorter
  // Frame-major inputs of all rows one after the other: [sum of frames, heads, 64], with
  // `frame_stride` floats between frames (q, k and v may lie in one matrix).
  const float* q;  // already mapped by phi
  const float* k;
  const float* v;
  int64_t frame_stride;
  const float* log_decay;  // [sum of frames, heads], <= 0; null: no decay
  AttentionState state;
  float* num;  // [sum of frames, heads, 64]
  float* den;  // [sum of frames, heads]
};

// A frame's result depends on its own stream only, bit for bit: not on the rows beside it.
void RecurrentAttentionStep(const RecurrentAttentionArgs& args);

}  // namespace rill::kernels
