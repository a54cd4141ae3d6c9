// The inner products of a polyphase filter. Pure functions on raw pointers; any thread. A product's
// bits depend on its operands only, not on where they lie in memory.
#pragma once

#include "kernels/cpu/simd.h"

namespace rill {

inline constexpr int kDotLanes = 32;

struct alignas(64) DotLanes {
  float value[kDotLanes];
};

// input: [lanes * kDotLanes]; row: [lanes].
RILL_SIMD_DECLARE(float PolyphaseDot(const float* input, const DotLanes* row, int lanes))

// The same with the row between four of them, `stride` apart: the sum of weights[i] times row i.
RILL_SIMD_DECLARE(float InterpolatedDot(const float* input, const DotLanes* rows, int stride,
                                        const float* weights, int lanes))

}  // namespace rill
