#include "model/paper/attention/linear_attention.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>

#include <optional>
#include <vector>

#include "kernels/cpu/linear_attention.h"
#include "kernels/cpu/recurrent_attention.h"

namespace rill::paper {
namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::tensor_list;

constexpr double kEpsilon = 1e-6;

float* Data(const Tensor& t, int64_t sequence) {
  return t.data_ptr<float>() + sequence * t.stride(0);
}

const int32_t* Ends(const Tensor& chunk_end, int64_t sequence) {
  return chunk_end.defined() ? chunk_end.data_ptr<int32_t>() + sequence * chunk_end.stride(0)
                             : nullptr;
}

// Calls fn(first sequence, shape) for parts of the batch, on LibTorch's threads.
template <typename Fn>
void ForSequences(const Tensor& q, Fn&& fn) {
  at::parallel_for(0, q.size(0), 1, [&](int64_t begin, int64_t end) {
    fn(begin, kernels::AttentionShape{end - begin, q.size(1), q.size(2)});
  });
}

struct SumsFunction : torch::autograd::Function<SumsFunction> {
  static tensor_list forward(AutogradContext* ctx, const Tensor& q, const Tensor& k,
                             const Tensor& v, const std::optional<Tensor>& ends) {
    const Tensor chunk_end = ends.value_or(Tensor());
    Tensor num = at::empty_like(q), den = at::empty({q.size(0), q.size(1), q.size(2)});
    ForSequences(q, [&](int64_t b, const kernels::AttentionShape& shape) {
      kernels::LinearAttentionForward<float>(
          shape, {Data(q, b), Data(k, b), Data(v, b), nullptr, Ends(chunk_end, b)}, Data(num, b),
          Data(den, b));
    });
    ctx->save_for_backward({q, k, v, chunk_end});
    return {num, den};
  }

  static tensor_list backward(AutogradContext* ctx, tensor_list grads) {
    const auto saved = ctx->get_saved_variables();
    const Tensor &q = saved[0], &k = saved[1], &v = saved[2], &chunk_end = saved[3];
    const Tensor d_num = grads[0].contiguous(), d_den = grads[1].contiguous();
    Tensor d_q = at::empty_like(q), d_k = at::empty_like(k), d_v = at::empty_like(v);
    ForSequences(q, [&](int64_t b, const kernels::AttentionShape& shape) {
      kernels::LinearAttentionBackward<float>(
          shape, {Data(q, b), Data(k, b), Data(v, b), nullptr, Ends(chunk_end, b)}, Data(d_num, b),
          Data(d_den, b), {Data(d_q, b), Data(d_k, b), Data(d_v, b)});
    });
    return {d_q, d_k, d_v, Tensor()};
  }
};

Tensor Phi(const Tensor& x) { return at::elu(x).add_(1); }

Tensor FillUp(const Tensor& x) {
  const int64_t missing = kernels::kHeadDim - x.size(-1);
  return (missing == 0 ? x : at::constant_pad_nd(x, {0, missing})).contiguous();
}

// Nothing for the causal mask; else each position sees its sequence to the end, and padding, whose
// outputs nobody reads, all there is.
std::optional<Tensor> ChunkEnds(const AttentionInput& in) {
  if (in.causal) return std::nullopt;
  const int64_t batch = in.q.size(0), n = in.q.size(2);
  if (!in.lengths.defined()) return at::full({batch, n}, n, at::kInt);
  const Tensor length = in.lengths.unsqueeze(1);
  const Tensor inside = at::arange(n, at::kLong).unsqueeze(0) < length;
  return at::where(inside, length, at::full_like(length, n)).to(at::kInt).contiguous();
}

// The sums S and z of every head.
class RecurrentState : public AttentionMemory {
 public:
  explicit RecurrentState(const MemoryShape& shape)
      : shape_(shape),
        state_(at::zeros({shape.batch, shape.heads, kernels::kHeadStateFloats})),
        num_(at::empty({shape.batch, shape.heads, kernels::kHeadDim})),
        den_(at::empty({shape.batch, shape.heads, 1})),
        slots_(shape.batch),
        ones_(shape.batch, 1) {
    for (int64_t b = 0; b < shape.batch; ++b) slots_[b] = static_cast<int32_t>(b);
  }

  Tensor Step(const Tensor& q, const Tensor& k, const Tensor& v) override {
    const Tensor phi_q = FillUp(Phi(q)), phi_k = FillUp(Phi(k)), values = FillUp(v);
    kernels::RecurrentAttentionArgs args = {};
    args.rows = shape_.batch;
    args.heads = shape_.heads;
    args.slots = slots_.data();
    args.frames = args.chunks = ones_.data();
    args.q = phi_q.data_ptr<float>();
    args.k = phi_k.data_ptr<float>();
    args.v = values.data_ptr<float>();
    args.frame_stride = shape_.heads * kernels::kHeadDim;
    args.state = {state_.data_ptr<float>(), shape_.heads * kernels::kHeadStateFloats,
                  kernels::kHeadStateFloats};
    args.num = num_.data_ptr<float>();
    args.den = den_.data_ptr<float>();
    kernels::RecurrentAttentionStep(args);
    return num_.narrow(2, 0, shape_.width) / (den_ + kEpsilon);
  }

  void Skip(int64_t) override {}  // every step costs the same

  int64_t BytesAfter(int64_t) const override {
    return shape_.heads * kernels::kHeadStateFloats * static_cast<int64_t>(sizeof(float));
  }

 private:
  const MemoryShape shape_;
  Tensor state_, num_, den_;
  std::vector<int32_t> slots_, ones_;
};

}  // namespace

Tensor LinearAttention::Forward(const AttentionInput& in) const {
  const tensor_list sums =
      SumsFunction::apply(FillUp(Phi(in.q)), FillUp(Phi(in.k)), FillUp(in.v), ChunkEnds(in));
  return sums[0].narrow(3, 0, in.q.size(3)) / (sums[1].unsqueeze(3) + kEpsilon);
}

std::unique_ptr<AttentionMemory> LinearAttention::NewMemory(const MemoryShape& shape) const {
  return std::make_unique<RecurrentState>(shape);
}

}  // namespace rill::paper
