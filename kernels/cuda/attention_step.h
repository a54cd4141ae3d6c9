// The serving step of linear attention on the device, fused: from the projected queries, keys,
// values and gates of all rows to what the output projection takes, with every stream's state read
// and written exactly once, in its slot. The twin of MapHeadsInPlace, LogDecay,
// RecurrentAttentionStep and MergeHeadsStep (kernels/cpu/serving_heads.h, recurrent_attention.h)
// one after the other. Device pointers, aligned to four values. Work is queued on `stream`; any
// host thread.
//
// A frame's result does not depend, bit for bit, on the rows beside it, nor on how many chunks of
// its stream go into a step.
#pragma once

#include <cuda_runtime.h>

#include <cstdint>

#include "kernels/bfloat16.h"
#include "kernels/cuda/step_rows.h"

namespace rill::kernels::cuda {

inline constexpr int kMaxStepHeads = 8;
inline constexpr int kMaxStepChunk =
    16;  // frames; longer chunks are cut, shorter than 1 count as 1

// T, of what comes from and goes to matrix products, is float or BFloat16.
template <typename T>
struct AttentionStepArgs {
  StepRows rows;
  const int32_t* chunks;  // [rows]; chunk length in frames; a row's last chunk may be shorter
  int32_t heads;          // of 64 each; 1 .. kMaxStepHeads

  // Frames of [4, heads, 64]: query, key, value, gate, not yet mapped; `frame_stride` values apart.
  // In paper mode (merge_weight null) there is no gate.
  const T* qkvg;
  int64_t frame_stride;
  const float *q_scale, *k_scale;  // [heads, 64]; null: no normalisation (paper mode)

  // log_decay = logsigmoid(decay_weight y + decay_bias) - min_forget. decay_weight null: none.
  const T* y;  // [frames, width], the normalised input of the projection; width a multiple of 4
  int32_t width;
  const float* decay_weight;  // [heads, width]
  const float* decay_bias;    // [heads]
  float min_forget;

  SlotPart state;             // a layer's [heads, 64 * 64 + 64]: S and z of each head
  const float* merge_weight;  // [heads * 64]; null: the quotient alone (paper mode)
  T* out;                     // [frames, heads * 64]; zero for padding rows
};

// cudaErrorInvalidValue for other numbers of heads, or a width that is no multiple of 4.
template <typename T>
cudaError_t AttentionStep(const AttentionStepArgs<T>& args, cudaStream_t stream);

}  // namespace rill::kernels::cuda
