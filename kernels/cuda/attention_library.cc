#include "kernels/cuda/attention_library.h"

#include "kernels/cuda/linear_attention.h"

namespace {

using namespace rill::kernels;

AttentionShape Shape(const RillAttentionCall& call) {
  return {call.batch, call.heads, call.frames};
}

template <typename T>
AttentionInputs<T> Inputs(const RillAttentionCall& call) {
  return {static_cast<const T*>(call.q),
          static_cast<const T*>(call.k),
          static_cast<const T*>(call.v),
          call.log_decay,
          call.chunk_end,
          call.z0};
}

template <typename T>
int Forward(const RillAttentionCall& call) {
  return cuda::LinearAttentionForward<T>(Shape(call), Inputs<T>(call), static_cast<T*>(call.num),
                                         call.den, call.scratch, nullptr);
}

template <typename T>
int Backward(const RillAttentionCall& call) {
  const AttentionGradients<T> out = {static_cast<T*>(call.d_q), static_cast<T*>(call.d_k),
                                     static_cast<T*>(call.d_v), call.d_log_decay, call.d_z0};
  return cuda::LinearAttentionBackward<T>(Shape(call), Inputs<T>(call),
                                          static_cast<const T*>(call.d_num), call.d_den, out,
                                          call.scratch, nullptr);
}

}  // namespace

#define RILL_EXPORT extern "C" __attribute__((visibility("default")))

RILL_EXPORT const char* rill_attention_version() { return RILL_VERSION; }

RILL_EXPORT size_t rill_attention_scratch_bytes(const RillAttentionCall* call,
                                                int32_t is_backward) {
  return cuda::LinearAttentionScratchBytes(Shape(*call), is_backward != 0,
                                           call->chunk_end != nullptr);
}

RILL_EXPORT int rill_attention_forward(const RillAttentionCall* call) {
  return call->is_bfloat16 ? Forward<BFloat16>(*call) : Forward<float>(*call);
}

RILL_EXPORT int rill_attention_backward(const RillAttentionCall* call) {
  return call->is_bfloat16 ? Backward<BFloat16>(*call) : Backward<float>(*call);
}
