// Rows of floats in 8 bits. Private to kernels/cpu. Any thread.
#pragma once

#include <cstdint>

#include "kernels/cpu/simd.h"

namespace rill::kernels {

// row is about factor * to, as near as -127 to 127 can tell it; *factor is not finite if an element
// of row is not.
RILL_SIMD_DECLARE(void QuantizeRow(int64_t n, const float* row, int8_t* to, float* factor))

// row *= factor * factors, + bias if that is not null.
RILL_SIMD_DECLARE(void ScaleRow(int64_t n, float factor, const float* factors, const float* bias,
                                float* row))

}  // namespace rill::kernels
