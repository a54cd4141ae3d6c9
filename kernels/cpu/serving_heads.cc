#include "kernels/cpu/serving_heads.h"

#include "kernels/cpu/simd.h"

namespace rill::kernels {

RILL_SIMD_DECLARE(void MapHeadsInPlace(int64_t frames, int64_t heads, int64_t frame_stride,
                                       const float* q_scale, const float* k_scale, float* qkvg))
RILL_SIMD_DECLARE(void LogDecay(int64_t frames, int64_t heads, int64_t width, const float* y,
                                const float* weight, const float* bias, float min_forget,
                                float* log_decay))
RILL_SIMD_DECLARE(void MergeHeadsStep(int64_t frames, int64_t heads, const float* num,
                                      const float* den, const float* gate, int64_t gate_stride,
                                      const float* weight, float* y))

void MapHeadsInPlace(int64_t frames, int64_t heads, int64_t frame_stride, const float* q_scale,
                     const float* k_scale, float* qkvg) {
  RILL_SIMD_CALL(MapHeadsInPlace, frames, heads, frame_stride, q_scale, k_scale, qkvg);
}

void LogDecay(int64_t frames, int64_t heads, int64_t width, const float* y, const float* weight,
              const float* bias, float min_forget, float* log_decay) {
  RILL_SIMD_CALL(LogDecay, frames, heads, width, y, weight, bias, min_forget, log_decay);
}

void MergeHeadsStep(int64_t frames, int64_t heads, const float* num, const float* den,
                    const float* gate, int64_t gate_stride, const float* weight, float* y) {
  RILL_SIMD_CALL(MergeHeadsStep, frames, heads, num, den, gate, gate_stride, weight, y);
}

}  // namespace rill::kernels
