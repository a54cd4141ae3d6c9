#include "model/paper/attention/lsh_attention.h"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>

#include <cmath>

namespace rill::paper {
namespace {

using at::Tensor;

// Finite, so that a row of padding, which sees nothing, gives numbers and no NaN.
constexpr double kOwn = -1e5;
constexpr double kNever = -1e9;

// Rows of x [sequences, positions, ...], numbered over all sequences.
Tensor Rows(const Tensor& x, const Tensor& numbers) {
  return x.flatten(0, 1).index_select(0, numbers);
}

// x: [chunks of all sequences, chunk, ...], `chunks` to a sequence: each chunk behind the one
// before it. The first has no chunk before: it gets `nothing`.
Tensor WithChunkBefore(const Tensor& x, int64_t chunks, double nothing) {
  const Tensor by_sequence = x.unflatten(0, {-1, chunks});
  const Tensor none = at::full_like(by_sequence.narrow(1, 0, 1), nothing);
  const Tensor before = at::cat({none, by_sequence.narrow(1, 0, chunks - 1)}, 1);
  return at::cat({before.flatten(0, 1), x}, 1);
}

}  // namespace

// keys: [batch * heads, positions, width] -> [batch * heads, rounds, positions].
Tensor LshAttention::Buckets(const Tensor& keys, uint64_t seed) const {
  if (options_.buckets == 1) {
    return at::zeros({keys.size(0), options_.rounds, keys.size(1)}, at::kLong);
  }
  const at::NoGradGuard no_grad;
  const Tensor rotations =
      at::randn({keys.size(2), options_.rounds * (options_.buckets / 2)},
                at::make_generator<at::CPUGeneratorImpl>(seed), keys.options());
  const Tensor turned =
      at::matmul(keys, rotations).unflatten(2, {options_.rounds, options_.buckets / 2});
  return at::cat({turned, -turned}, 3).argmax(3).transpose(1, 2);
}

Tensor LshAttention::Forward(const AttentionInput& in) const {
  const int64_t batch = in.q.size(0), heads = in.q.size(1), length = in.q.size(2),
                width = in.q.size(3), rounds = options_.rounds, chunk = options_.chunk;
  const int64_t chunks = (length + chunk - 1) / chunk, padded = chunks * chunk;
  const int64_t sequences = batch * heads;
  const auto pad = [&](const Tensor& x) {
    return at::constant_pad_nd(x.reshape({sequences, length, width}), {0, 0, 0, padded - length});
  };
  const Tensor q = pad(in.q), v = pad(in.v);
  const Tensor k = q / (q.norm(2, 2, /*keepdim=*/true) + 1e-6);

  // Sorted by bucket, then position; padding last.
  const Tensor position = at::arange(padded, at::kLong);
  const Tensor ends = in.lengths.defined()
                          ? in.lengths.repeat_interleave(heads).view({sequences, 1, 1})
                          : at::full({1, 1, 1}, length, at::kLong);
  const Tensor buckets = at::where(position >= ends, at::scalar_tensor(options_.buckets, at::kLong),
                                   Buckets(k, in.seed));
  const Tensor order = (buckets * padded + position)
                           .argsort(int64_t{-1})
                           .contiguous();  // [sequences, rounds, padded]
  const Tensor start = at::arange(sequences, at::kLong).view({-1, 1, 1}) * padded;
  const Tensor numbers = (order + start).flatten();

  const auto in_chunks = [&](const Tensor& x) { return Rows(x, numbers).view({-1, chunk, width}); };
  const Tensor keys = WithChunkBefore(in_chunks(k), chunks, 0);
  const Tensor values = WithChunkBefore(in_chunks(v), chunks, 0);
  const Tensor own = order.view({-1, chunk});  // positions
  const Tensor seen = WithChunkBefore(own, chunks, static_cast<double>(padded)).unsqueeze(1);
  const Tensor asking = own.unsqueeze(2);

  Tensor scores = at::bmm(in_chunks(q) / std::sqrt(static_cast<double>(width)),
                          keys.transpose(1, 2));  // [chunks of all, chunk, 2 chunk]
  Tensor forbidden = seen >= ends.expand({sequences, rounds, chunks}).reshape({-1, 1, 1});
  if (in.causal) forbidden = forbidden.logical_or(seen > asking);
  scores.masked_fill_(seen == asking, kOwn).masked_fill_(forbidden, kNever);
  const Tensor weights = scores.softmax(2);
  // log of the sum of exp(scores), read off the largest score and its weight.
  const auto [largest, where] = scores.max(2, /*keepdim=*/true);
  const Tensor mass = largest - weights.gather(2, where).log();
  const Tensor sorted = at::bmm(weights, values);

  // Back to the order of positions, then the rounds together.
  const Tensor back =
      (order.argsort(int64_t{-1}) +
       at::arange(sequences * rounds, at::kLong).view({sequences, rounds, 1}) * padded)
          .flatten();
  const auto unsort = [&](const Tensor& x) {
    return x.flatten(0, 1).index_select(0, back).view({sequences, rounds, padded, -1});
  };
  const Tensor out = (unsort(sorted) * unsort(mass).softmax(1)).sum(1);
  return out.narrow(1, 0, length).view({batch, heads, length, width});
}

}  // namespace rill::paper
