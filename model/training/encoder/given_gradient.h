// A loss whose gradient was computed with it, as the losses of CTC's kind do. Pure; any thread.
#pragma once

#include <torch/types.h>

namespace rill::training {

// Float scalar `loss` on the logits' device, whose gradient with respect to them is `gradient`, of
// their shape: the backward pass only scales it, in place.
torch::Tensor LossWithGradient(const torch::Tensor& logits, double loss,
                               const torch::Tensor& gradient);

}  // namespace rill::training
