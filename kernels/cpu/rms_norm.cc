#include "kernels/cpu/rms_norm.h"

#include <vector>

#include "kernels/cpu/rms_norm_simd.h"

namespace rill::kernels {

template <typename T>
void RmsNormForward(const NormShape& shape, const T* x, const T* branch, float scale,
                    const float* weight, bool silu, T* h, T* y, float* inv_rms) {
  RILL_SIMD_CALL_BFLOAT16(RmsNormForward, shape, x, branch, scale, weight, silu, h, y, inv_rms);
}

template <typename T>
void RmsNormBackward(const NormShape& shape, const T* d_y, const T* d_h, const T* h, float scale,
                     const float* weight, bool silu, const float* inv_rms, T* d_x, T* d_branch,
                     float* d_weight) {
  std::vector<float> through(kNormBlock * shape.width);
  RILL_SIMD_CALL_BFLOAT16(RmsNormBackward, shape, d_y, d_h, h, scale, weight, silu, inv_rms, d_x,
                          d_branch, d_weight, through.data());
}

#define RILL_INSTANTIATE(T)                                                                     \
  template void RmsNormForward(const NormShape&, const T*, const T*, float, const float*, bool, \
                               T*, T*, float*);                                                 \
  template void RmsNormBackward(const NormShape&, const T*, const T*, const T*, float,          \
                                const float*, bool, const float*, T*, T*, float*);
RILL_INSTANTIATE(float)
RILL_INSTANTIATE(BFloat16)
#undef RILL_INSTANTIATE

}  // namespace rill::kernels
