// The paper's linear attention (equations 4-20) on rill's kernels, in paper mode: no decay, no
// gate, phi(x) = elu(x) + 1. Parallel for training (kernels/cpu/linear_attention.h, forward and
// Algorithm 1's backward), recurrent for generation (kernels/cpu/recurrent_attention.h). Without
// causality every position sees its whole sequence, still in linear time.
//
// The kernels' heads are 64 wide: narrower ones are filled up with zeros behind phi, which changes
// no result and costs what a head of 64 costs. The quotient has 1e-6 added to its denominator, as
// the paper's own code has. Thread rule: as attention.h; Forward spreads sequences over LibTorch's
// threads.
#pragma once

#include "model/paper/attention/attention.h"

namespace rill::paper {

class LinearAttention : public Attention {
 public:
  at::Tensor Forward(const AttentionInput& in) const override;
  std::unique_ptr<AttentionMemory> NewMemory(const MemoryShape& shape) const override;
};

}  // namespace rill::paper
