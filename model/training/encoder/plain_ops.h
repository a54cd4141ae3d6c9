// The same functions as fused_ops.h in LibTorch's own operations: for GPUs, for models in paper
// mode, and as the reference that the fused ones are tested against. Any device.
#pragma once

#include <ATen/core/Tensor.h>

#include <tuple>

#include "model/training/encoder/linear_attention.h"

namespace rill::training::plain {

std::tuple<at::Tensor, at::Tensor> AddRmsNorm(const at::Tensor& x, const at::Tensor& branch,
                                              double scale, const at::Tensor& weight);
at::Tensor RmsNorm(const at::Tensor& x, const at::Tensor& weight, bool silu);
at::Tensor Silu(const at::Tensor& x);
at::Tensor GluConv(const at::Tensor& x, const at::Tensor& weight);

// Quadratic in the number of frames; linear if there are kernels. Undefined log_decay, q_scale,
// k_scale, z0, merge_norm switch that part off; without merge_norm there is no gate either and qkvg
// is [batch, frames, 3, heads, 64]. Kernels need log_decay and z0.
at::Tensor Attention(const at::Tensor& qkvg, const at::Tensor& log_decay,
                     const at::Tensor& chunk_end, const at::Tensor& q_scale,
                     const at::Tensor& k_scale, const at::Tensor& z0, const at::Tensor& merge_norm,
                     const AttentionKernels* kernels = nullptr);

}  // namespace rill::training::plain
