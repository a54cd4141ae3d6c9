#include "kernels/cpu/glu_conv.h"

#include "kernels/cpu/simd.h"

namespace rill::kernels {

RILL_SIMD_DECLARE_BFLOAT16(template <typename T> void GluConvForward(const ConvShape& shape,
                                                                     const T* x, const float* w,
                                                                     T* g, T* y))
RILL_SIMD_DECLARE_BFLOAT16(template <typename T>
                           void GluConvBackward(const ConvShape& shape, const T* d_y, const T* x,
                                                const T* g, const float* w, T* d_x, float* d_w))
RILL_SIMD_DECLARE_BFLOAT16(void GluConvStep(int64_t frames, int64_t width, int64_t kernel,
                                            const float* x, const float* taps, float* tail,
                                            float* y))

template <typename T>
void GluConvForward(const ConvShape& shape, const T* x, const float* w, T* g, T* y) {
  RILL_SIMD_CALL_BFLOAT16(GluConvForward, shape, x, w, g, y);
}

template <typename T>
void GluConvBackward(const ConvShape& shape, const T* d_y, const T* x, const T* g, const float* w,
                     T* d_x, float* d_w) {
  RILL_SIMD_CALL_BFLOAT16(GluConvBackward, shape, d_y, x, g, w, d_x, d_w);
}

void TransposeConvWeight(int64_t width, int64_t kernel, const float* w, float* taps) {
  for (int64_t j = 0; j < kernel; ++j) {
    for (int64_t c = 0; c < width; ++c) taps[j * width + c] = w[c * kernel + j];
  }
}

void GluConvStep(int64_t frames, int64_t width, int64_t kernel, const float* x, const float* taps,
                 float* tail, float* y) {
  RILL_SIMD_CALL_BFLOAT16(GluConvStep, frames, width, kernel, x, taps, tail, y);
}

#define RILL_INSTANTIATE(T)                                                                       \
  template void GluConvForward(const ConvShape&, const T*, const float*, T*, T*);                 \
  template void GluConvBackward(const ConvShape&, const T*, const T*, const T*, const float*, T*, \
                                float*);
RILL_INSTANTIATE(float)
RILL_INSTANTIATE(BFloat16)
#undef RILL_INSTANTIATE

}  // namespace rill::kernels
