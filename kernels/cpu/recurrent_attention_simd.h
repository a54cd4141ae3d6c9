// What recurrent_attention.cc asks of its vectorised part: one head of one stream. Private to
// kernels/cpu. Any thread.
#pragma once

#include <cstdint>

#include "kernels/cpu/recurrent_attention.h"
#include "kernels/cpu/simd.h"

namespace rill::kernels {

// The frames of one head of one stream; strides in floats, from frame to frame.
struct HeadStep {
  int64_t frames;
  int64_t chunk;  // 1 .. kMaxChunkFrames
  const float* q;
  const float* k;
  const float* v;
  int64_t qkv_stride;
  const float* log_decay;  // null: none
  float* num;
  int64_t num_stride;
  float* den;
  int64_t scalar_stride;    // of log_decay and den
  float* state;             // S and z
  const float* next_state;  // what is needed next: fetched ahead; may be null
};

RILL_SIMD_DECLARE(void StepHead(const HeadStep& step))

}  // namespace rill::kernels
