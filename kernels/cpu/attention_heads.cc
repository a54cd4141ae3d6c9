#include "kernels/cpu/attention_heads.h"

#include <vector>

#include "kernels/cpu/simd.h"

namespace rill::kernels {

RILL_SIMD_DECLARE_BFLOAT16(template <typename T>
                           void SplitHeadsForward(const AttentionShape& shape, const T* qkvg,
                                                  const float* q_scale, const float* k_scale, T* q,
                                                  T* k, T* v, float* inv_rms))
RILL_SIMD_DECLARE_BFLOAT16(template <typename T> void SplitHeadsBackward(
    const AttentionShape& shape, const T* d_q, const T* d_k, const T* d_v, const T* qkvg,
    const float* q_scale, const float* k_scale, const float* inv_rms, T* d_qkvg, float* d_q_scale,
    float* d_k_scale))
RILL_SIMD_DECLARE_BFLOAT16(template <typename T>
                           void MergeHeadsForward(const AttentionShape& shape, const T* num,
                                                  const float* den, const T* qkvg,
                                                  const float* weight, T* y, float* inv_rms))
// through: working memory of one frame, all heads.
RILL_SIMD_DECLARE_BFLOAT16(template <typename T> void MergeHeadsBackward(
    const AttentionShape& shape, const T* d_y, const T* num, const float* den, const T* qkvg,
    const float* weight, const float* inv_rms, T* d_num, float* d_den, T* d_qkvg, float* d_weight,
    float* through))

template <typename T>
void SplitHeadsForward(const AttentionShape& shape, const T* qkvg, const float* q_scale,
                       const float* k_scale, T* q, T* k, T* v, float* inv_rms) {
  RILL_SIMD_CALL_BFLOAT16(SplitHeadsForward, shape, qkvg, q_scale, k_scale, q, k, v, inv_rms);
}

template <typename T>
void SplitHeadsBackward(const AttentionShape& shape, const T* d_q, const T* d_k, const T* d_v,
                        const T* qkvg, const float* q_scale, const float* k_scale,
                        const float* inv_rms, T* d_qkvg, float* d_q_scale, float* d_k_scale) {
  RILL_SIMD_CALL_BFLOAT16(SplitHeadsBackward, shape, d_q, d_k, d_v, qkvg, q_scale, k_scale, inv_rms,
                          d_qkvg, d_q_scale, d_k_scale);
}

template <typename T>
void MergeHeadsForward(const AttentionShape& shape, const T* num, const float* den, const T* qkvg,
                       const float* weight, T* y, float* inv_rms) {
  RILL_SIMD_CALL_BFLOAT16(MergeHeadsForward, shape, num, den, qkvg, weight, y, inv_rms);
}

template <typename T>
void MergeHeadsBackward(const AttentionShape& shape, const T* d_y, const T* num, const float* den,
                        const T* qkvg, const float* weight, const float* inv_rms, T* d_num,
                        float* d_den, T* d_qkvg, float* d_weight) {
  std::vector<float> through(shape.heads * kHeadDim);
  RILL_SIMD_CALL_BFLOAT16(MergeHeadsBackward, shape, d_y, num, den, qkvg, weight, inv_rms, d_num,
                          d_den, d_qkvg, d_weight, through.data());
}

#define RILL_INSTANTIATE(T)                                                                        \
  template void SplitHeadsForward(const AttentionShape&, const T*, const float*, const float*, T*, \
                                  T*, T*, float*);                                                 \
  template void SplitHeadsBackward(const AttentionShape&, const T*, const T*, const T*, const T*,  \
                                   const float*, const float*, const float*, T*, float*, float*);  \
  template void MergeHeadsForward(const AttentionShape&, const T*, const float*, const T*,         \
                                  const float*, T*, float*);                                       \
  template void MergeHeadsBackward(const AttentionShape&, const T*, const T*, const float*,        \
                                   const T*, const float*, const float*, T*, float*, T*, float*);
RILL_INSTANTIATE(float)
RILL_INSTANTIATE(BFloat16)
#undef RILL_INSTANTIATE

}  // namespace rill::kernels
