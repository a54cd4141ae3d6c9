#include "kernels/cpu/round_rows.h"

#include "kernels/cpu/vector_math.h"

namespace rill::kernels::RILL_SIMD {

void RoundToBFloat16(int64_t n, const float* from, BFloat16* to) {
  ForEachVec(n, [&](int64_t i, auto lanes) { Store(Load(from + i, lanes), to + i, lanes); });
}

}  // namespace rill::kernels::RILL_SIMD
