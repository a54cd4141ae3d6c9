#include "kernels/cpu/silu.h"
#include "kernels/cpu/vector_math.h"

namespace rill::kernels::RILL_SIMD {

template <typename T>
void SiluForward(int64_t n, const T* x, T* y) {
  ForEachVec(n, [&](int64_t i, auto lanes) {
    const Vec v = Load(x + i, lanes);
    Store(v * Sigmoid(v), y + i, lanes);
  });
}

template <typename T>
void SiluBackward(int64_t n, const T* d_y, const T* x, T* d_x) {
  ForEachVec(n, [&](int64_t i, auto lanes) {
    const Vec v = Load(x + i, lanes);
    Store(Load(d_y + i, lanes) * SiluSlope(v, Sigmoid(v)), d_x + i, lanes);
  });
}

template void SiluForward(int64_t, const float*, float*);
template void SiluForward(int64_t, const BFloat16*, BFloat16*);
template void SiluBackward(int64_t, const float*, const float*, float*);
template void SiluBackward(int64_t, const BFloat16*, const BFloat16*, BFloat16*);

}  // namespace rill::kernels::RILL_SIMD
