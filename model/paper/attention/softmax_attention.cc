#include "model/paper/attention/softmax_attention.h"

#include <ATen/ATen.h>

#include <cmath>
#include <limits>
#include <vector>

namespace rill::paper {
namespace {

using at::Tensor;

constexpr double kNever = -std::numeric_limits<double>::infinity();

// [batch or 1, 1, positions or 1, positions] of what may not be seen; undefined if all may.
Tensor Forbidden(const AttentionInput& in) {
  const int64_t n = in.q.size(2);
  Tensor forbidden;
  if (in.causal) forbidden = at::ones({1, 1, n, n}, at::kBool).triu(1);
  if (in.lengths.defined()) {
    const Tensor padding =
        (at::arange(n, at::kLong).unsqueeze(0) >= in.lengths.unsqueeze(1)).view({-1, 1, 1, n});
    forbidden = forbidden.defined() ? forbidden.logical_or(padding) : padding;
  }
  return forbidden;
}

// All keys and values so far.
class KeyValueCache : public AttentionMemory {
 public:
  explicit KeyValueCache(const MemoryShape& shape)
      : shape_(shape),
        keys_(at::zeros({shape.batch * shape.heads, shape.positions, shape.width})),
        values_(at::zeros_like(keys_)) {}

  Tensor Step(const Tensor& q, const Tensor& k, const Tensor& v) override {
    const auto flat = [this](const Tensor& x) { return x.reshape({-1, 1, shape_.width}); };
    keys_.narrow(1, length_, 1).copy_(flat(k));
    values_.narrow(1, length_, 1).copy_(flat(v));
    ++length_;
    const double scale = 1.0 / std::sqrt(static_cast<double>(shape_.width));
    const Tensor scores = at::bmm(flat(q) * scale, keys_.narrow(1, 0, length_).transpose(1, 2));
    const Tensor out = at::bmm(scores.softmax(-1), values_.narrow(1, 0, length_));
    return out.view({shape_.batch, shape_.heads, shape_.width});
  }

  void Skip(int64_t positions) override {
    // Written, so that reading them later goes to memory and not to the system's page of zeros.
    keys_.narrow(1, 0, positions).fill_(0.1);
    values_.narrow(1, 0, positions).fill_(0.1);
    length_ = positions;
  }

  int64_t BytesAfter(int64_t positions) const override {
    return 2 * shape_.heads * positions * shape_.width * static_cast<int64_t>(sizeof(float));
  }

 private:
  const MemoryShape shape_;
  Tensor keys_, values_;  // [batch * heads, positions, width]
  int64_t length_ = 0;
};

}  // namespace

Tensor SoftmaxAttention::Forward(const AttentionInput& in) const {
  const double scale = 1.0 / std::sqrt(static_cast<double>(in.q.size(3)));
  Tensor scores = at::matmul(in.q * scale, in.k.transpose(2, 3));
  if (const Tensor forbidden = Forbidden(in); forbidden.defined()) {
    scores.masked_fill_(forbidden, kNever);
  }
  return at::matmul(scores.softmax(-1), in.v);
}

std::unique_ptr<AttentionMemory> SoftmaxAttention::NewMemory(const MemoryShape& shape) const {
  return cached_ ? std::make_unique<KeyValueCache>(shape) : nullptr;
}

Tensor FusedSoftmaxAttention::Forward(const AttentionInput& in) const {
  std::optional<Tensor> allowed;
  const bool masked = in.lengths.defined();
  if (masked) allowed = Forbidden(in).logical_not();
  return at::scaled_dot_product_attention(in.q, in.k, in.v, allowed, /*dropout_p=*/0.0,
                                          in.causal && !masked);
}

}  // namespace rill::paper
