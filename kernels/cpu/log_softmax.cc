#include "kernels/cpu/log_softmax.h"

#include "kernels/cpu/simd.h"

namespace rill::kernels {

RILL_SIMD_DECLARE(void LogSoftmax(int64_t rows, int64_t width, int64_t stride, const float* x,
                                  float* y))

void LogSoftmax(int64_t rows, int64_t width, int64_t stride, const float* x, float* y) {
  RILL_SIMD_CALL(LogSoftmax, rows, width, stride, x, y);
}

}  // namespace rill::kernels
