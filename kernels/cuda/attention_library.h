// librill_cuda_attention.so: linear_attention.h behind C functions, so that programs without CUDA's
// headers (rill-train, tests/bench/cuda_attention.py) can open it at run time. All pointers are to
// device memory; work is queued on the default stream. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>

extern "C" {

// One call. Shapes and meaning as in kernels/cpu/linear_attention.h; log_decay, chunk_end and z0
// may be null. What is above the line, both functions read; the backward one, what is below, too.
struct RillAttentionCall {
  int64_t batch, heads, frames;
  int32_t is_bfloat16;  // q, k, v, num and their gradients; the rest is float
  const void *q, *k, *v;
  const float* log_decay;
  const int32_t* chunk_end;
  const float* z0;
  void* scratch;  // as many bytes as the first function says
  void* num;      // written by the forward function; not read
  float* den;
  // ---
  const void* d_num;
  const float* d_den;
  void *d_q, *d_k, *d_v;  // written
  float* d_log_decay;     // written; null if log_decay is
  float* d_z0;            // added to; null if z0 is
};

// The names and types of the functions. The latter two return a cudaError_t. Another,
// `const char* rill_attention_version()`, gives rill's version: a call means something only to a
// library of the same.
using RillAttentionScratchBytes = size_t(const RillAttentionCall*, int32_t is_backward);
using RillAttention = int(const RillAttentionCall*);
inline constexpr char kRillAttentionVersion[] = "rill_attention_version";
inline constexpr char kRillAttentionScratchBytes[] = "rill_attention_scratch_bytes";
inline constexpr char kRillAttentionForward[] = "rill_attention_forward";
inline constexpr char kRillAttentionBackward[] = "rill_attention_backward";

}  // extern "C"
