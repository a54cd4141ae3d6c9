// Softmax attention, equation 2 of the paper: softmax(q k^T / sqrt(width)) v. Two ways: with the
// matrix of weights, as the paper's baseline; and PyTorch's scaled_dot_product_attention, which on
// a CPU goes tile by tile and never holds that matrix. Thread rule: as attention.h.
#pragma once

#include "model/paper/attention/attention.h"

namespace rill::paper {

class SoftmaxAttention : public Attention {
 public:
  // cached: generation keeps all keys and values; else it has no memory.
  explicit SoftmaxAttention(bool cached) : cached_(cached) {}

  at::Tensor Forward(const AttentionInput& in) const override;
  std::unique_ptr<AttentionMemory> NewMemory(const MemoryShape& shape) const override;

 private:
  const bool cached_;
};

class FusedSoftmaxAttention : public Attention {
 public:
  at::Tensor Forward(const AttentionInput& in) const override;
};

}  // namespace rill::paper
