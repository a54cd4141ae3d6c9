#include "kernels/cpu/front_conv.h"

#include "kernels/cpu/simd.h"

namespace rill::kernels {

RILL_SIMD_DECLARE(void NormalizeFeatures(int64_t frames, int64_t bins, const float* x,
                                         const float* mean, const float* inv_std, float* y))
RILL_SIMD_DECLARE(void FrontConv(int64_t frames, int64_t bins, int64_t channels, const float* x,
                                 const float* weight, const float* bias, float* y))
RILL_SIMD_DECLARE(void GatherPatches(int64_t frames, int64_t bins, int64_t channels, const float* x,
                                     float* patches))
RILL_SIMD_DECLARE(void Relu(int64_t n, float* x))

void NormalizeFeatures(int64_t frames, int64_t bins, const float* x, const float* mean,
                       const float* inv_std, float* y) {
  RILL_SIMD_CALL(NormalizeFeatures, frames, bins, x, mean, inv_std, y);
}

void FrontConv(int64_t frames, int64_t bins, int64_t channels, const float* x, const float* weight,
               const float* bias, float* y) {
  RILL_SIMD_CALL(FrontConv, frames, bins, channels, x, weight, bias, y);
}

void GatherPatches(int64_t frames, int64_t bins, int64_t channels, const float* x, float* patches) {
  RILL_SIMD_CALL(GatherPatches, frames, bins, channels, x, patches);
}

void Relu(int64_t n, float* x) { RILL_SIMD_CALL(Relu, n, x); }

}  // namespace rill::kernels
