// Gated linear unit and causal depthwise convolution of a serving step on the device: the twin of
// GluConvStep in kernels/cpu/glu_conv.h, for all rows at once, with their tails in the arena.
// Device pointers, aligned to four values. Work is queued on `stream`; any host thread.
#pragma once

#include <cuda_runtime.h>

#include "kernels/bfloat16.h"
#include "kernels/cpu/glu_conv.h"
#include "kernels/cuda/step_rows.h"

namespace rill::kernels::cuda {

// x: [frames, 2 * width] of all rows one after the other; taps: [kernel, width], from
// TransposeConvWeight; tail: [kernel - 1, width] a slot, read and written; y: [frames, width].
// A padding row's y is zero. T is float or BFloat16. A frame's result does not depend, bit for bit,
// on how a row's frames are cut into steps, nor on the rows beside it. cudaErrorInvalidValue unless
// the width is a multiple of 4 and the kernel at most kMaxConvKernel.
template <typename T>
cudaError_t GluConvStep(const StepRows& rows, int64_t width, int64_t kernel, const T* x,
                        const float* taps, const SlotPart& tail, float* y, cudaStream_t stream);

}  // namespace rill::kernels::cuda
