// What holds for every attention by name.
#include "model/paper/attention/attention.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "model/paper/attention/registry.h"

namespace rill::paper {
namespace {

using at::Tensor;

constexpr LshOptions kLsh = {.rounds = 1, .buckets = 4, .chunk = 8};

std::shared_ptr<const Attention> Make(const std::string& name, const LshOptions& lsh = kLsh) {
  return *MakeAttention(name, lsh);
}

AttentionInput Draw(int64_t batch, int64_t heads, int64_t positions, int64_t width) {
  at::manual_seed(positions);
  AttentionInput in;
  for (Tensor* x : {&in.q, &in.k, &in.v}) *x = at::randn({batch, heads, positions, width});
  return in;
}

// The definition, term by term, with shared keys as Reformer has them if `shared`.
Tensor SlowSoftmax(const AttentionInput& in, bool shared) {
  const int64_t n = in.q.size(2);
  const double scale = 1 / std::sqrt(static_cast<double>(in.q.size(3)));
  const Tensor k = shared ? in.q / in.q.norm(2, -1, true) : in.k;
  Tensor out = at::zeros_like(in.v);
  for (int64_t i = 0; i < n; ++i) {
    std::vector<int64_t> seen;
    for (int64_t j = 0; j < (in.causal ? i + 1 : n); ++j) {
      if (!shared || j != i) seen.push_back(j);
    }
    if (seen.empty()) seen.push_back(i);
    const Tensor which = at::tensor(seen, at::kLong);
    const Tensor scores = (k.index_select(2, which) * in.q.narrow(2, i, 1)).sum(-1, true) * scale;
    out.select(2, i).copy_((scores.softmax(2) * in.v.index_select(2, which)).sum(2));
  }
  return out;
}

Tensor SlowLinear(const AttentionInput& in) {
  Tensor weights = at::matmul(at::elu(in.q) + 1, (at::elu(in.k) + 1).transpose(2, 3));
  if (in.causal) weights = weights.tril();
  return at::matmul(weights / weights.sum(3, true), in.v);
}

void ExpectNear(const Tensor& a, const Tensor& b, double tolerance) {
  ASSERT_EQ(a.sizes(), b.sizes());
  EXPECT_LT((a - b).abs().max().item<double>(), tolerance);
}

class EveryAttention : public ::testing::TestWithParam<const char*> {};

// Neither a value nor a gradient comes from a later position.
TEST_P(EveryAttention, NothingFlowsBackInTime) {
  const auto attention = Make(GetParam());
  AttentionInput in = Draw(2, 2, 40, 16);
  for (Tensor* x : {&in.q, &in.k, &in.v}) x->requires_grad_(true);
  const int64_t at = 17;
  attention->Forward(in).narrow(2, 0, at).square().sum().backward();
  for (const Tensor& x : {in.q, in.k, in.v}) {
    if (!x.grad().defined()) continue;  // k of those that share it
    EXPECT_EQ(x.grad().narrow(2, at, 40 - at).abs().max().item<double>(), 0);
    EXPECT_GT(x.grad().narrow(2, 0, at).abs().max().item<double>(), 0);
  }
}

TEST_P(EveryAttention, LaterInputsChangeNoEarlierOutput) {
  // One chunk: with more, later positions decide which earlier ones share a chunk
  // (lsh_attention.h).
  const auto attention = Make(GetParam(), {.rounds = 1, .buckets = 4, .chunk = 64});
  AttentionInput in = Draw(1, 2, 40, 16), changed = in;
  for (Tensor* x : {&changed.q, &changed.k, &changed.v}) {
    *x = x->clone();
    x->narrow(2, 25, 15).normal_();
  }
  const Tensor out = attention->Forward(in), other = attention->Forward(changed);
  ExpectNear(out.narrow(2, 0, 25), other.narrow(2, 0, 25), 1e-5);
  EXPECT_GT((out - other).narrow(2, 25, 15).abs().max().item<double>(), 1e-3);
}

TEST_P(EveryAttention, PaddingChangesNothing) {
  const auto attention = Make(GetParam(), {.rounds = 2, .buckets = 1, .chunk = 8});
  for (const bool causal : {false, true}) {
    AttentionInput in = Draw(2, 2, 24, 16);
    in.causal = causal;
    AttentionInput padded = in;
    padded.lengths = at::full({2}, 24, at::kLong);
    for (Tensor* x : {&padded.q, &padded.k, &padded.v}) {
      *x = at::cat({*x, at::randn({2, 2, 9, 16})}, 2);
    }
    ExpectNear(attention->Forward(padded).narrow(2, 0, 24), attention->Forward(in), 1e-5);
  }
}

TEST_P(EveryAttention, SequencesAndHeadsDoNotMix) {
  const auto attention = Make(GetParam());
  const AttentionInput in = Draw(3, 2, 20, 16);
  AttentionInput one = in;
  for (Tensor* x : {&one.q, &one.k, &one.v}) *x = x->narrow(0, 1, 1).narrow(1, 1, 1).contiguous();
  ExpectNear(attention->Forward(in).narrow(0, 1, 1).narrow(1, 1, 1), attention->Forward(one), 1e-5);
}

INSTANTIATE_TEST_SUITE_P(ByName, EveryAttention,
                         ::testing::Values("softmax", "sdpa", "lsh-1", "lsh-4", "linear"));

TEST(SoftmaxAttentionTest, IsTheDefinition) {
  for (const bool causal : {true, false}) {
    AttentionInput in = Draw(2, 3, 21, 16);
    in.causal = causal;
    for (const char* name : {"softmax", "softmax-cached", "sdpa"}) {
      ExpectNear(Make(name)->Forward(in), SlowSoftmax(in, false), 1e-5);
    }
  }
}

TEST(LinearAttentionTest, IsTheDefinition) {
  for (const int64_t width : {16, 32, 64}) {
    for (const bool causal : {true, false}) {
      AttentionInput in = Draw(2, 3, 150, width);
      in.causal = causal;
      ExpectNear(Make("linear")->Forward(in), SlowLinear(in), 1e-4);
    }
  }
}

TEST(LinearAttentionTest, GradientsAreThoseOfTheDefinition) {
  for (const bool causal : {true, false}) {
    AttentionInput in = Draw(2, 2, 70, 32), other = Draw(2, 2, 70, 32);
    in.causal = other.causal = causal;
    for (AttentionInput* x : {&in, &other}) {
      for (Tensor* y : {&x->q, &x->k, &x->v}) y->requires_grad_(true);
    }
    const Tensor gradient = at::randn({2, 2, 70, 32});
    Make("linear")->Forward(in).backward(gradient);
    SlowLinear(other).backward(gradient);
    ExpectNear(in.q.grad(), other.q.grad(), 1e-4);
    ExpectNear(in.k.grad(), other.k.grad(), 1e-4);
    ExpectNear(in.v.grad(), other.v.grad(), 1e-4);
  }
}

// With one chunk over all positions every bucket meets every other: full attention with shared
// keys, whatever the rotations.
TEST(LshAttentionTest, OneChunkIsFullAttention) {
  for (const bool causal : {true, false}) {
    for (const LshOptions& lsh : {LshOptions{1, 1, 32}, LshOptions{3, 1, 32}, LshOptions{2, 8, 32},
                                  LshOptions{2, 8, 100}}) {
      AttentionInput in = Draw(2, 2, 32, 16);
      in.causal = causal;
      ExpectNear(Make("lsh-" + std::to_string(lsh.rounds), lsh)->Forward(in), SlowSoftmax(in, true),
                 1e-5);
    }
  }
}

// Two chunks with one bucket: the second sees both, the first itself.
TEST(LshAttentionTest, AChunkSeesTheOneBefore) {
  const AttentionInput in = Draw(1, 1, 32, 16);
  ExpectNear(Make("lsh-1", {1, 1, 16})->Forward(in), SlowSoftmax(in, true), 1e-5);
  const AttentionInput all = Draw(1, 1, 48, 16);
  AttentionInput tail = all;
  tail.q = all.q.narrow(2, 16, 32), tail.v = all.v.narrow(2, 16, 32);
  ExpectNear(Make("lsh-1", {1, 1, 16})->Forward(all).narrow(2, 32, 16),
             SlowSoftmax(tail, true).narrow(2, 16, 16), 1e-5);
}

// What hashing is for: positions with like queries find each other over any distance.
TEST(LshAttentionTest, LikeFindsLike) {
  AttentionInput in = Draw(1, 1, 256, 32);
  in.causal = false;
  in.q.select(2, 200).copy_(in.q.select(2, 3));
  in.q.mul_(20);
  const Tensor out = Make("lsh-8", {1, 32, 16})->Forward(in);
  ExpectNear(out.select(2, 200), in.v.select(2, 3), 0.05);
}

TEST(LshAttentionTest, MoreRoundsComeCloserToFullAttention) {
  AttentionInput in = Draw(1, 4, 256, 16);
  in.q.mul_(3);
  const Tensor full = SlowSoftmax(in, true);
  const auto error = [&](const char* name) {
    return (Make(name, {1, 16, 16})->Forward(in) - full).square().mean().item<double>();
  };
  EXPECT_LT(error("lsh-8"), 0.8 * error("lsh-1"));
}

class WithMemory : public ::testing::TestWithParam<const char*> {};

TEST_P(WithMemory, StepsGiveWhatTheParallelFormGives) {
  const auto attention = Make(GetParam());
  const AttentionInput in = Draw(3, 2, 50, 32);
  const auto memory = attention->NewMemory({3, 2, 32, 50});
  std::vector<Tensor> steps;
  for (int64_t t = 0; t < 50; ++t) {
    steps.push_back(memory->Step(in.q.select(2, t), in.k.select(2, t), in.v.select(2, t)).clone());
  }
  ExpectNear(at::stack(steps, 2), attention->Forward(in), 1e-4);
}

INSTANTIATE_TEST_SUITE_P(ByName, WithMemory, ::testing::Values("softmax-cached", "linear"));

TEST(AttentionMemoryTest, OnlyTheCacheGrows) {
  const MemoryShape shape = {1, 8, 32, 784};
  const auto cache = Make("softmax-cached")->NewMemory(shape);
  const auto state = Make("linear")->NewMemory(shape);
  EXPECT_EQ(cache->BytesAfter(784), 2 * 8 * 784 * 32 * 4);
  EXPECT_EQ(cache->BytesAfter(10), 2 * 8 * 10 * 32 * 4);
  EXPECT_EQ(state->BytesAfter(784), state->BytesAfter(1));
  EXPECT_EQ(Make("softmax")->NewMemory(shape), nullptr);
  EXPECT_EQ(Make("lsh-4")->NewMemory(shape), nullptr);
}

TEST(AttentionRegistryTest, NamesWhatIsWrong) {
  for (const char* name : {"", "soft", "lsh", "lsh-", "lsh-0", "lsh--1", "lsh-65", "lsh-4x"}) {
    EXPECT_EQ(MakeAttention(name).status().code(), absl::StatusCode::kInvalidArgument) << name;
  }
  EXPECT_FALSE(MakeAttention("lsh-4", {1, 7, 32}).ok());
  EXPECT_FALSE(MakeAttention("lsh-4", {1, 8, 0}).ok());
  EXPECT_TRUE(MakeAttention("lsh-64", {1, 1, 1}).ok());
}

}  // namespace
}  // namespace rill::paper
