// Gated linear unit followed by a causal depthwise convolution, forward and backward: the heart of
// the encoder's convolution module. Pure functions; any thread. T is float or BFloat16.
//
// For each sequence: g[t, c] = x[t, c] * sigmoid(x[t, width + c]);
//                    y[t, c] = sum_{j < kernel} w[c, j] * g[t - (kernel - 1) + j, c],  g = 0 before
// the sequence starts.
#pragma once

#include <cstdint>

#include "kernels/bfloat16.h"

namespace rill::kernels {

inline constexpr int64_t kMaxConvKernel = 32;

struct ConvShape {
  int64_t batch;
  int64_t frames;
  int64_t width;
  int64_t kernel;  // 1 .. kMaxConvKernel
};

// x: [batch, frames, 2 * width]; w: [width, kernel]; g: [batch, frames, width], kept for the
// backward pass; y: [batch, frames, width].
template <typename T>
void GluConvForward(const ConvShape& shape, const T* x, const float* w, T* g, T* y);

// d_x is overwritten, d_w is added to.
template <typename T>
void GluConvBackward(const ConvShape& shape, const T* d_y, const T* x, const T* g, const float* w,
                     T* d_x, float* d_w);

// [width, kernel] to [kernel, width], the order in which the serving form reads its weight. Once,
// when a model is loaded.
void TransposeConvWeight(int64_t width, int64_t kernel, const float* w, float* taps);

// The serving form, for one stream, float: tail holds the last kernel - 1 rows of g and is updated.
// x: [frames, 2 * width]; taps: [kernel, width]; tail: [kernel - 1, width]; y: [frames, width]. A
// frame's result does not depend, bit for bit, on how the frames are cut into calls.
void GluConvStep(int64_t frames, int64_t width, int64_t kernel, const float* x, const float* taps,
                 float* tail, float* y);

}  // namespace rill::kernels
