// librill_cuda_attention.so: linear attention's parallel form (kernels/cuda/linear_attention.h)
// behind plain C functions, for cuda_attention.py, which holds it against PyTorch's softmax
// attention. The paper's form: no decay, chunks of one frame. Pointers are to device memory; work
// is queued on the default stream. Results are cudaError_t.
#include "kernels/cuda/linear_attention.h"

namespace {

using namespace rill::kernels;

struct Sizes {
  int64_t batch, heads, frames;
  int32_t is_bfloat16;

  AttentionShape shape() const { return {batch, heads, frames}; }
};

template <typename T>
AttentionInputs<T> Inputs(const void* q, const void* k, const void* v) {
  return {static_cast<const T*>(q), static_cast<const T*>(k), static_cast<const T*>(v)};
}

template <typename T>
int Forward(const Sizes& sizes, const void* q, const void* k, const void* v, void* num, float* den,
            void* scratch) {
  return cuda::LinearAttentionForward<T>(sizes.shape(), Inputs<T>(q, k, v), static_cast<T*>(num),
                                         den, scratch, nullptr);
}

template <typename T>
int Backward(const Sizes& sizes, const void* q, const void* k, const void* v, const void* d_num,
             const float* d_den, void* d_q, void* d_k, void* d_v, void* scratch) {
  const AttentionGradients<T> out = {static_cast<T*>(d_q), static_cast<T*>(d_k),
                                     static_cast<T*>(d_v)};
  return cuda::LinearAttentionBackward<T>(sizes.shape(), Inputs<T>(q, k, v),
                                          static_cast<const T*>(d_num), d_den, out, scratch,
                                          nullptr);
}

}  // namespace

extern "C" {

__attribute__((visibility("default"))) size_t rill_attention_scratch_bytes(const Sizes* sizes) {
  return cuda::LinearAttentionScratchBytes(sizes->shape(), /*backward=*/true, /*has_chunks=*/false);
}

__attribute__((visibility("default"))) int rill_attention_forward(const Sizes* sizes, const void* q,
                                                                  const void* k, const void* v,
                                                                  void* num, float* den,
                                                                  void* scratch) {
  return (sizes->is_bfloat16 ? Forward<BFloat16> : Forward<float>)(*sizes, q, k, v, num, den,
                                                                   scratch);
}

__attribute__((visibility("default"))) int rill_attention_backward(
    const Sizes* sizes, const void* q, const void* k, const void* v, const void* d_num,
    const float* d_den, void* d_q, void* d_k, void* d_v, void* scratch) {
  return (sizes->is_bfloat16 ? Backward<BFloat16> : Backward<float>)(*sizes, q, k, v, d_num, d_den,
                                                                     d_q, d_k, d_v, scratch);
}

}  // extern "C"
