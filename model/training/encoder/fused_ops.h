// rill's fused CPU kernels as autograd functions, for EncoderModule. CPU tensors, contiguous, float
// or bfloat16 activations, float vectors. One thread a call; calls on different threads may run at
// the same time.
#pragma once

#include <ATen/core/Tensor.h>

#include <tuple>

namespace rill::training::fused {

// h = x + scale * branch, y = act(rms_norm(h) * weight). x, branch: [rows, width]. Returns (h, y).
std::tuple<at::Tensor, at::Tensor> AddRmsNorm(const at::Tensor& x, const at::Tensor& branch,
                                              double scale, const at::Tensor& weight);

// act(rms_norm(x) * weight).
at::Tensor RmsNorm(const at::Tensor& x, const at::Tensor& weight, bool silu);

at::Tensor Silu(const at::Tensor& x);

// GLU, then causal depthwise convolution. x: [batch, frames, 2 * width]; weight: [width, kernel].
at::Tensor GluConv(const at::Tensor& x, const at::Tensor& weight);

// The whole of linear attention between its two projections. qkvg: [batch, frames, 4, heads, 64];
// log_decay: [batch, heads, frames] float; chunk_end: [batch, frames] int32; q_scale, k_scale,
// z0: [heads, 64]; merge_norm: [heads * 64]. Returns [batch, frames, heads * 64].
at::Tensor Attention(const at::Tensor& qkvg, const at::Tensor& log_decay,
                     const at::Tensor& chunk_end, const at::Tensor& q_scale,
                     const at::Tensor& k_scale, const at::Tensor& z0, const at::Tensor& merge_norm);

}  // namespace rill::training::fused
