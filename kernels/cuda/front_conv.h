// The encoder's convolutional front of a serving step on the device, for all rows at once, with
// what it remembers of a stream in the arena: the twin of NormalizeFeatures, FrontConv and
// GatherPatches in kernels/cpu/front_conv.h, one after the other. Device pointers, aligned to four
// values. Work is queued on `stream`; any host thread.
#pragma once

#include <cuda_runtime.h>

#include "kernels/bfloat16.h"
#include "kernels/cpu/front_conv.h"
#include "kernels/cuda/step_rows.h"

namespace rill::kernels::cuda {

// The front's weights, as in kernels/cpu/front_conv.h. channels: a multiple of 4.
struct FrontWeights {
  int bins = 0;
  int channels = 0;
  const float* mean = nullptr;     // [bins]
  const float* inv_std = nullptr;  // [bins]
  const float* weight = nullptr;   // [3, 3, channels]
  const float* bias = nullptr;     // [channels]
};

// features: [4 * frames, bins] of all rows one after the other, row r's from 4 * starts[r] on.
// patches: [frames, ConvBins(ConvBins(bins)), 3, 3, channels], T float or BFloat16; zero for a
// padding row. tail1: the last feature frame, normalised and padded, [PaddedBins(bins)] a slot;
// tail2: the last frame between the convolutions, [PaddedBins(ConvBins(bins)), channels] a slot;
// both read and written. cudaErrorInvalidValue for channels that are no multiple of 4, or more than
// a block's shared memory holds.
template <typename T>
cudaError_t FrontPatches(const StepRows& rows, const FrontWeights& weights, const float* features,
                         const SlotPart& tail1, const SlotPart& tail2, T* patches,
                         cudaStream_t stream);

}  // namespace rill::kernels::cuda
