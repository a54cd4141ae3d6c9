#include "model/training/encoder/plain_ops.h"

#include <ATen/ATen.h>

#include "kernels/cpu/attention_heads.h"
#include "kernels/cpu/rms_norm.h"

namespace rill::training::plain {
namespace {

using at::Tensor;

Tensor Normalize(const Tensor& x, const Tensor& weight) {
  return at::rms_norm(x, {x.size(-1)}, weight.to(x.scalar_type()), kernels::kNormEpsilon);
}

// weight: [heads, 64].
Tensor NormalizeHeads(const Tensor& x, const Tensor& weight) {
  return at::rms_norm(x, {x.size(-1)}, {}, kernels::kNormEpsilon) * weight;
}

Tensor Phi(const Tensor& x) { return at::elu(x) + 1; }

// (num, den) of kernels/cpu/linear_attention.h. log_decay and z0 may be undefined.
std::tuple<Tensor, Tensor> QuadraticAttention(const Tensor& q, const Tensor& k, const Tensor& v,
                                              const Tensor& log_decay, const Tensor& chunk_end,
                                              const Tensor& z0) {
  const int64_t batch = q.size(0), heads = q.size(1), frames = q.size(2);
  const Tensor position = at::arange(frames, chunk_end.options());
  const Tensor visible =
      (position.view({1, 1, 1, frames}) < chunk_end.view({batch, 1, frames, 1})).to(at::kFloat);
  Tensor scores = at::matmul(q, k.transpose(2, 3)) * visible;
  Tensor a;
  if (log_decay.defined()) {
    a = log_decay.cumsum(2);
    scores = scores * at::exp(-(a.unsqueeze(3) - a.unsqueeze(2)).abs());
  }
  Tensor den = scores.sum(-1);
  if (z0.defined()) {
    Tensor from_sink = (q * z0.view({1, heads, 1, -1})).sum(-1);
    if (log_decay.defined()) from_sink = from_sink * at::exp(a);
    den = den + from_sink;
  }
  return {at::matmul(scores, v), den};
}

}  // namespace

Tensor RmsNorm(const Tensor& x, const Tensor& weight, bool silu) {
  const Tensor y = Normalize(x, weight);
  return silu ? at::silu(y) : y;
}

std::tuple<Tensor, Tensor> AddRmsNorm(const Tensor& x, const Tensor& branch, double scale,
                                      const Tensor& weight) {
  const Tensor h = at::add(x, branch, scale);
  return {h, RmsNorm(h, weight, false)};
}

Tensor Silu(const Tensor& x) { return at::silu(x); }

Tensor GluConv(const Tensor& x, const Tensor& weight) {
  const int64_t width = weight.size(0), kernel = weight.size(1);
  const Tensor g = at::glu(x, -1).transpose(1, 2);  // [batch, width, frames]
  const Tensor padded = at::constant_pad_nd(g, {kernel - 1, 0});
  const Tensor w = weight.to(x.scalar_type()).unsqueeze(1);
  const Tensor y = at::conv1d(padded, w, {}, 1, at::IntArrayRef{0}, 1, width);
  return y.transpose(1, 2).contiguous();
}

Tensor Attention(const Tensor& qkvg, const Tensor& log_decay, const Tensor& chunk_end,
                 const Tensor& q_scale, const Tensor& k_scale, const Tensor& z0,
                 const Tensor& merge_norm, const AttentionKernels* kernels) {
  const int64_t batch = qkvg.size(0), frames = qkvg.size(1);
  const std::vector<Tensor> parts = qkvg.unbind(2);  // each [batch, frames, heads, 64]
  Tensor q = parts[0], k = parts[1], v = parts[2].transpose(1, 2);
  if (q_scale.defined()) {
    q = NormalizeHeads(q, q_scale);
    k = NormalizeHeads(k, k_scale);
  }
  q = Phi(q.to(at::kFloat)).transpose(1, 2);  // [batch, heads, frames, 64]
  k = Phi(k.to(at::kFloat)).transpose(1, 2);
  Tensor num, den;
  if (kernels != nullptr) {
    const auto dense = [&](const Tensor& x) { return x.to(qkvg.scalar_type()).contiguous(); };
    std::tie(num, den) =
        LinearAttention(*kernels, dense(q), dense(k), dense(v), log_decay, chunk_end, z0);
    num = num.to(at::kFloat);
  } else {
    std::tie(num, den) = QuadraticAttention(q, k, v.to(at::kFloat), log_decay, chunk_end, z0);
  }
  Tensor y = num / (den.unsqueeze(-1) + kernels::kDenominatorEpsilon);
  y = y.transpose(1, 2).reshape({batch, frames, -1});
  if (merge_norm.defined()) {
    y = Normalize(y, merge_norm) * at::silu(parts[3].reshape({batch, frames, -1}));
  }
  return y.to(qkvg.scalar_type());
}

}  // namespace rill::training::plain
