#include "model/training/encoder/fused_ops.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include "kernels/cpu/attention_heads.h"
#include "kernels/cpu/glu_conv.h"
#include "kernels/cpu/linear_attention.h"
#include "kernels/cpu/rms_norm.h"
#include "kernels/cpu/silu.h"

namespace rill::training::fused {
namespace {

using at::Tensor;
using kernels::BFloat16;
using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::tensor_list;

template <typename T>
T* Data(const Tensor& t) {
  return t.defined() ? static_cast<T*>(t.data_ptr()) : nullptr;
}

// Calls fn<T>() with the kernels' type for the tensor's.
template <typename Fn>
void ForType(const Tensor& t, Fn&& fn) {
  if (t.scalar_type() == at::kBFloat16) {
    fn(BFloat16{});
  } else {
    fn(float{});
  }
}

Tensor FloatZerosLike(const Tensor& t) { return at::zeros_like(t, t.options().dtype(at::kFloat)); }

struct AddRmsNormFunction : Function<AddRmsNormFunction> {
  static tensor_list forward(AutogradContext* ctx, const Tensor& x, const Tensor& branch,
                             double scale, const Tensor& weight) {
    const kernels::NormShape shape{x.size(0), x.size(1)};
    Tensor h = at::empty_like(x), y = at::empty_like(x);
    Tensor inv_rms = at::empty({shape.rows}, weight.options());
    ForType(x, [&](auto type) {
      using T = decltype(type);
      kernels::RmsNormForward<T>(shape, Data<T>(x), Data<T>(branch), static_cast<float>(scale),
                                 Data<float>(weight), false, Data<T>(h), Data<T>(y),
                                 Data<float>(inv_rms));
    });
    ctx->save_for_backward({h, weight, inv_rms});
    ctx->saved_data["scale"] = scale;
    return {h, y};
  }

  static tensor_list backward(AutogradContext* ctx, tensor_list grads) {
    const auto saved = ctx->get_saved_variables();
    const Tensor &h = saved[0], &weight = saved[1], &inv_rms = saved[2];
    const double scale = ctx->saved_data["scale"].toDouble();
    const Tensor d_h = grads[0].defined() ? grads[0].contiguous() : Tensor();
    const Tensor d_y = grads[1].contiguous();
    const kernels::NormShape shape{h.size(0), h.size(1)};
    Tensor d_x = at::empty_like(h), d_weight = FloatZerosLike(weight);
    Tensor d_branch = scale == 1.0 ? Tensor() : at::empty_like(h);
    ForType(h, [&](auto type) {
      using T = decltype(type);
      kernels::RmsNormBackward<T>(shape, Data<T>(d_y), Data<T>(d_h), Data<T>(h),
                                  static_cast<float>(scale), Data<float>(weight), false,
                                  Data<float>(inv_rms), Data<T>(d_x), Data<T>(d_branch),
                                  Data<float>(d_weight));
    });
    return {d_x, d_branch.defined() ? d_branch : d_x, Tensor(), d_weight};
  }
};

struct RmsNormFunction : Function<RmsNormFunction> {
  static Tensor forward(AutogradContext* ctx, const Tensor& x, const Tensor& weight, bool silu) {
    const kernels::NormShape shape{x.size(0), x.size(1)};
    Tensor y = at::empty_like(x), inv_rms = at::empty({shape.rows}, weight.options());
    ForType(x, [&](auto type) {
      using T = decltype(type);
      kernels::RmsNormForward<T>(shape, Data<T>(x), nullptr, 1.0f, Data<float>(weight), silu,
                                 nullptr, Data<T>(y), Data<float>(inv_rms));
    });
    ctx->save_for_backward({x, weight, inv_rms});
    ctx->saved_data["silu"] = silu;
    return y;
  }

  static tensor_list backward(AutogradContext* ctx, tensor_list grads) {
    const auto saved = ctx->get_saved_variables();
    const Tensor &x = saved[0], &weight = saved[1], &inv_rms = saved[2];
    const bool silu = ctx->saved_data["silu"].toBool();
    const Tensor d_y = grads[0].contiguous();
    const kernels::NormShape shape{x.size(0), x.size(1)};
    Tensor d_x = at::empty_like(x), d_weight = FloatZerosLike(weight);
    ForType(x, [&](auto type) {
      using T = decltype(type);
      kernels::RmsNormBackward<T>(shape, Data<T>(d_y), nullptr, Data<T>(x), 1.0f,
                                  Data<float>(weight), silu, Data<float>(inv_rms), Data<T>(d_x),
                                  nullptr, Data<float>(d_weight));
    });
    return {d_x, d_weight, Tensor()};
  }
};

struct SiluFunction : Function<SiluFunction> {
  static Tensor forward(AutogradContext* ctx, const Tensor& x) {
    Tensor y = at::empty_like(x);
    ForType(x, [&](auto type) {
      using T = decltype(type);
      kernels::SiluForward<T>(x.numel(), Data<T>(x), Data<T>(y));
    });
    ctx->save_for_backward({x});
    return y;
  }

  static tensor_list backward(AutogradContext* ctx, tensor_list grads) {
    const Tensor x = ctx->get_saved_variables()[0];
    const Tensor d_y = grads[0].contiguous();
    Tensor d_x = at::empty_like(x);
    ForType(x, [&](auto type) {
      using T = decltype(type);
      kernels::SiluBackward<T>(x.numel(), Data<T>(d_y), Data<T>(x), Data<T>(d_x));
    });
    return {d_x};
  }
};

struct GluConvFunction : Function<GluConvFunction> {
  static kernels::ConvShape Shape(const Tensor& x, const Tensor& weight) {
    return {x.size(0), x.size(1), weight.size(0), weight.size(1)};
  }

  static Tensor forward(AutogradContext* ctx, const Tensor& x, const Tensor& weight) {
    const kernels::ConvShape shape = Shape(x, weight);
    Tensor g = at::empty({shape.batch, shape.frames, shape.width}, x.options());
    Tensor y = at::empty_like(g);
    ForType(x, [&](auto type) {
      using T = decltype(type);
      kernels::GluConvForward<T>(shape, Data<T>(x), Data<float>(weight), Data<T>(g), Data<T>(y));
    });
    ctx->save_for_backward({x, g, weight});
    return y;
  }

  static tensor_list backward(AutogradContext* ctx, tensor_list grads) {
    const auto saved = ctx->get_saved_variables();
    const Tensor &x = saved[0], &g = saved[1], &weight = saved[2];
    const Tensor d_y = grads[0].contiguous();
    Tensor d_x = at::empty_like(x), d_weight = FloatZerosLike(weight);
    ForType(x, [&](auto type) {
      using T = decltype(type);
      kernels::GluConvBackward<T>(Shape(x, weight), Data<T>(d_y), Data<T>(x), Data<T>(g),
                                  Data<float>(weight), Data<T>(d_x), Data<float>(d_weight));
    });
    return {d_x, d_weight};
  }
};

struct AttentionFunction : Function<AttentionFunction> {
  static kernels::AttentionShape Shape(const Tensor& qkvg) {
    return {qkvg.size(0), qkvg.size(3), qkvg.size(1)};
  }

  static Tensor forward(AutogradContext* ctx, const Tensor& qkvg, const Tensor& log_decay,
                        const Tensor& chunk_end, const Tensor& q_scale, const Tensor& k_scale,
                        const Tensor& z0, const Tensor& merge_norm) {
    const kernels::AttentionShape s = Shape(qkvg);
    const auto wide = q_scale.options();
    Tensor q = at::empty({s.batch, s.heads, s.frames, kernels::kHeadDim}, qkvg.options());
    Tensor k = at::empty_like(q), v = at::empty_like(q), num = at::empty_like(q);
    Tensor den = at::empty({s.batch, s.heads, s.frames}, wide);
    Tensor head_rms = at::empty({2, s.batch, s.heads, s.frames}, wide);
    Tensor merge_rms = at::empty({s.batch, s.frames}, wide);
    Tensor y = at::empty({s.batch, s.frames, s.heads * kernels::kHeadDim}, qkvg.options());
    ForType(qkvg, [&](auto type) {
      using T = decltype(type);
      kernels::SplitHeadsForward<T>(s, Data<T>(qkvg), Data<float>(q_scale), Data<float>(k_scale),
                                    Data<T>(q), Data<T>(k), Data<T>(v), Data<float>(head_rms));
      kernels::LinearAttentionForward<T>(
          s,
          {Data<T>(q), Data<T>(k), Data<T>(v), Data<float>(log_decay), Data<int32_t>(chunk_end),
           Data<float>(z0)},
          Data<T>(num), Data<float>(den));
      kernels::MergeHeadsForward<T>(s, Data<T>(num), Data<float>(den), Data<T>(qkvg),
                                    Data<float>(merge_norm), Data<T>(y), Data<float>(merge_rms));
    });
    ctx->save_for_backward({qkvg, log_decay, chunk_end, q_scale, k_scale, z0, merge_norm, q, k, v,
                            num, den, head_rms, merge_rms});
    return y;
  }

  static tensor_list backward(AutogradContext* ctx, tensor_list grads) {
    const auto saved = ctx->get_saved_variables();
    const Tensor &qkvg = saved[0], &log_decay = saved[1], &chunk_end = saved[2],
                 &q_scale = saved[3], &k_scale = saved[4], &z0 = saved[5], &merge_norm = saved[6],
                 &q = saved[7], &k = saved[8], &v = saved[9], &num = saved[10], &den = saved[11],
                 &head_rms = saved[12], &merge_rms = saved[13];
    const kernels::AttentionShape s = Shape(qkvg);
    const Tensor d_y = grads[0].contiguous();
    Tensor d_qkvg = at::empty_like(qkvg), d_num = at::empty_like(num);
    Tensor d_q = at::empty_like(q), d_k = at::empty_like(k), d_v = at::empty_like(v);
    Tensor d_den = at::empty_like(den), d_log_decay = at::empty_like(log_decay);
    Tensor d_q_scale = FloatZerosLike(q_scale), d_k_scale = FloatZerosLike(k_scale);
    Tensor d_z0 = FloatZerosLike(z0), d_merge = FloatZerosLike(merge_norm);
    ForType(qkvg, [&](auto type) {
      using T = decltype(type);
      kernels::MergeHeadsBackward<T>(s, Data<T>(d_y), Data<T>(num), Data<float>(den), Data<T>(qkvg),
                                     Data<float>(merge_norm), Data<float>(merge_rms),
                                     Data<T>(d_num), Data<float>(d_den), Data<T>(d_qkvg),
                                     Data<float>(d_merge));
      kernels::LinearAttentionBackward<T>(
          s,
          {Data<T>(q), Data<T>(k), Data<T>(v), Data<float>(log_decay), Data<int32_t>(chunk_end),
           Data<float>(z0)},
          Data<T>(d_num), Data<float>(d_den),
          {Data<T>(d_q), Data<T>(d_k), Data<T>(d_v), Data<float>(d_log_decay), Data<float>(d_z0)});
      kernels::SplitHeadsBackward<T>(s, Data<T>(d_q), Data<T>(d_k), Data<T>(d_v), Data<T>(qkvg),
                                     Data<float>(q_scale), Data<float>(k_scale),
                                     Data<float>(head_rms), Data<T>(d_qkvg), Data<float>(d_q_scale),
                                     Data<float>(d_k_scale));
    });
    return {d_qkvg, d_log_decay, Tensor(), d_q_scale, d_k_scale, d_z0, d_merge};
  }
};

}  // namespace

std::tuple<Tensor, Tensor> AddRmsNorm(const Tensor& x, const Tensor& branch, double scale,
                                      const Tensor& weight) {
  const tensor_list out =
      AddRmsNormFunction::apply(x.contiguous(), branch.contiguous(), scale, weight);
  return {out[0], out[1]};
}

Tensor RmsNorm(const Tensor& x, const Tensor& weight, bool silu) {
  return RmsNormFunction::apply(x.contiguous(), weight, silu);
}

Tensor Silu(const Tensor& x) { return SiluFunction::apply(x.contiguous()); }

Tensor GluConv(const Tensor& x, const Tensor& weight) {
  return GluConvFunction::apply(x.contiguous(), weight);
}

Tensor Attention(const Tensor& qkvg, const Tensor& log_decay, const Tensor& chunk_end,
                 const Tensor& q_scale, const Tensor& k_scale, const Tensor& z0,
                 const Tensor& merge_norm) {
  return AttentionFunction::apply(qkvg.contiguous(), log_decay.contiguous(), chunk_end, q_scale,
                                  k_scale, z0, merge_norm);
}

}  // namespace rill::training::fused
