#include "model/training/encoder/linear_attention.h"

#include <ATen/ATen.h>
#include <dlfcn.h>
#include <torch/csrc/autograd/custom_function.h>

#include "absl/strings/str_cat.h"

namespace rill::training {
namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::tensor_list;

RillAttentionCall Call(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& log_decay,
                       const Tensor& chunk_end, const Tensor& z0) {
  RillAttentionCall call{};
  call.batch = q.size(0);
  call.heads = q.size(1);
  call.frames = q.size(2);
  call.is_bfloat16 = q.scalar_type() == at::kBFloat16;
  call.q = q.const_data_ptr();
  call.k = k.const_data_ptr();
  call.v = v.const_data_ptr();
  call.log_decay = log_decay.const_data_ptr<float>();
  call.chunk_end = chunk_end.const_data_ptr<int32_t>();
  call.z0 = z0.const_data_ptr<float>();
  return call;
}

Tensor Scratch(const AttentionKernels& kernels, const Tensor& q, RillAttentionCall* call,
               bool backward) {
  const auto bytes = static_cast<int64_t>(kernels.scratch_bytes(call, backward));
  const Tensor scratch = at::empty({bytes}, q.options().dtype(at::kByte));
  call->scratch = scratch.data_ptr();
  return scratch;
}

struct LinearAttentionFunction : torch::autograd::Function<LinearAttentionFunction> {
  static tensor_list forward(AutogradContext* ctx, const AttentionKernels* kernels, const Tensor& q,
                             const Tensor& k, const Tensor& v, const Tensor& log_decay,
                             const Tensor& chunk_end, const Tensor& z0) {
    RillAttentionCall call = Call(q, k, v, log_decay, chunk_end, z0);
    const Tensor num = at::empty_like(q), den = at::empty_like(log_decay);
    call.num = num.data_ptr();
    call.den = den.data_ptr<float>();
    const Tensor scratch = Scratch(*kernels, q, &call, /*backward=*/false);
    const int error = kernels->forward(&call);
    TORCH_CHECK(error == 0, "linear attention: CUDA error ", error);
    ctx->save_for_backward({q, k, v, log_decay, chunk_end, z0});
    ctx->saved_data["kernels"] = reinterpret_cast<int64_t>(kernels);
    return {num, den};
  }

  static tensor_list backward(AutogradContext* ctx, tensor_list grads) {
    const auto saved = ctx->get_saved_variables();
    const Tensor &q = saved[0], &k = saved[1], &v = saved[2], &log_decay = saved[3],
                 &chunk_end = saved[4], &z0 = saved[5];
    const auto& kernels =
        *reinterpret_cast<const AttentionKernels*>(ctx->saved_data["kernels"].toInt());
    RillAttentionCall call = Call(q, k, v, log_decay, chunk_end, z0);
    const Tensor d_num = grads[0].contiguous(), d_den = grads[1].contiguous();
    const Tensor d_q = at::empty_like(q), d_k = at::empty_like(k), d_v = at::empty_like(v);
    const Tensor d_log_decay = at::empty_like(log_decay), d_z0 = at::zeros_like(z0);
    call.d_num = d_num.const_data_ptr();
    call.d_den = d_den.const_data_ptr<float>();
    call.d_q = d_q.data_ptr();
    call.d_k = d_k.data_ptr();
    call.d_v = d_v.data_ptr();
    call.d_log_decay = d_log_decay.data_ptr<float>();
    call.d_z0 = d_z0.data_ptr<float>();
    const Tensor scratch = Scratch(kernels, q, &call, /*backward=*/true);
    const int error = kernels.backward(&call);
    TORCH_CHECK(error == 0, "linear attention, backward: CUDA error ", error);
    return {Tensor(), d_q, d_k, d_v, d_log_decay, Tensor(), d_z0};
  }
};

}  // namespace

absl::StatusOr<AttentionKernels> OpenAttentionKernels(const std::string& path) {
  void* const library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return absl::FailedPreconditionError(dlerror());
  using Version = const char*();
  const auto version = reinterpret_cast<Version*>(dlsym(library, kRillAttentionVersion));
  const AttentionKernels kernels = {
      reinterpret_cast<RillAttentionScratchBytes*>(dlsym(library, kRillAttentionScratchBytes)),
      reinterpret_cast<RillAttention*>(dlsym(library, kRillAttentionForward)),
      reinterpret_cast<RillAttention*>(dlsym(library, kRillAttentionBackward))};
  if (version == nullptr || std::string(version()) != RILL_VERSION ||
      kernels.scratch_bytes == nullptr || kernels.forward == nullptr ||
      kernels.backward == nullptr) {
    return absl::FailedPreconditionError(
        absl::StrCat(path, " is not of rill " RILL_VERSION ", as this program is"));
  }
  return kernels;
}

std::tuple<Tensor, Tensor> LinearAttention(const AttentionKernels& kernels, const Tensor& q,
                                           const Tensor& k, const Tensor& v,
                                           const Tensor& log_decay, const Tensor& chunk_end,
                                           const Tensor& z0) {
  const tensor_list results = LinearAttentionFunction::apply(
      &kernels, q, k, v, log_decay.contiguous(), chunk_end.contiguous(), z0);
  return {results[0], results[1]};
}

}  // namespace rill::training
