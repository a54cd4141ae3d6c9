// SiLU(x) = x * sigmoid(x), forward and backward, elementwise. Pure functions; any thread.
// T is float or BFloat16. Arrays may alias each other exactly.
#pragma once

#include <cstdint>

#include "kernels/bfloat16.h"

namespace rill::kernels {

template <typename T>
void SiluForward(int64_t n, const T* x, T* y);

// d_x = d_y * SiLU'(x)
template <typename T>
void SiluBackward(int64_t n, const T* d_y, const T* x, T* d_x);

}  // namespace rill::kernels
