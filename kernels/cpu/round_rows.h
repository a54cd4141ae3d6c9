// Float to BFloat16, rounded to nearest, ties to even. Private to kernels/cpu. Any thread.
#pragma once

#include <cstdint>

#include "kernels/bfloat16.h"
#include "kernels/cpu/simd.h"

namespace rill::kernels {

RILL_SIMD_DECLARE(void RoundToBFloat16(int64_t n, const float* from, BFloat16* to))

}  // namespace rill::kernels
