// How much a model's outputs differ for two views of the same clips (Z. Yao et al., "CR-CTC", ICLR
// 2025): for each frame of a clip the divergence of each view from the other, the one it is
// measured from taken as given. Pure function; any thread.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "model/training/data/batch.h"

namespace rill::training {

// logits: [2 R, frames, vocab], unnormalised; row r + R is another view of row r. Returns nats,
// summed over the frames of the clips in the first R rows, each times its clip's weight.
at::Tensor ConsistencyLoss(const at::Tensor& logits, const std::vector<PackedClip>& clips);

}  // namespace rill::training
