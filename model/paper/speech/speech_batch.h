// A batch of the trainer's data in the paper's way: one clip a row, padded at its end, longest
// first. Pure functions; any thread.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "model/training/data/batch.h"

namespace rill::paper {

struct SpeechBatch {
  at::Tensor frames;   // [clips, longest, stack * mel_bins]
  at::Tensor lengths;  // [clips] int64
  std::vector<training::PackedClip>
      clips;                    // clip i begins row i; its frames are those of `lengths`
  std::vector<int64_t> source;  // of clip i: its index in the training batch
};

// stack: feature frames of 10 ms that make one input frame: 1, 2 or 4.
SpeechBatch UnpackClips(const training::Batch& batch, int64_t stack);

}  // namespace rill::paper
