#include "kernels/cpu/silu.h"

#include "kernels/cpu/simd.h"

namespace rill::kernels {

RILL_SIMD_DECLARE_BFLOAT16(template <typename T> void SiluForward(int64_t n, const T* x, T* y))
RILL_SIMD_DECLARE_BFLOAT16(template <typename T>
                           void SiluBackward(int64_t n, const T* d_y, const T* x, T* d_x))

template <typename T>
void SiluForward(int64_t n, const T* x, T* y) {
  RILL_SIMD_CALL_BFLOAT16(SiluForward, n, x, y);
}

template <typename T>
void SiluBackward(int64_t n, const T* d_y, const T* x, T* d_x) {
  RILL_SIMD_CALL_BFLOAT16(SiluBackward, n, d_y, x, d_x);
}

template void SiluForward(int64_t, const float*, float*);
template void SiluForward(int64_t, const BFloat16*, BFloat16*);
template void SiluBackward(int64_t, const float*, const float*, float*);
template void SiluBackward(int64_t, const BFloat16*, const BFloat16*, BFloat16*);

}  // namespace rill::kernels
