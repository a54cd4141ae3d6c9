#include "kernels/cpu/log_softmax.h"
#include "kernels/cpu/vector_math.h"

namespace rill::kernels::RILL_SIMD {

void LogSoftmax(int64_t rows, int64_t width, int64_t stride, const float* x, float* y) {
  for (int64_t r = 0; r < rows; ++r, x += stride, y += stride) {
    float largest = x[0];
    for (int64_t i = 1; i < width; ++i) largest = x[i] > largest ? x[i] : largest;
    Vec sums{};
    int64_t i = 0;
    for (; i + kLanes <= width; i += kLanes) sums += Exp(Load(x + i) - largest);
    float sum = Sum(sums);
    for (; i < width; ++i) sum += Exp(x[i] - largest);
    const float log_sum = largest + __builtin_logf(sum);
    ForEachVec(width,
               [&](int64_t c, auto lanes) { Store(Load(x + c, lanes) - log_sum, y + c, lanes); });
  }
}

}  // namespace rill::kernels::RILL_SIMD
