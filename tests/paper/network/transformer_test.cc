#include "model/paper/network/transformer.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

namespace rill::paper {
namespace {

using at::Tensor;

TransformerConfig Small(const std::string& attention) {
  TransformerConfig config;
  config.attention = attention;
  config.lsh = {.rounds = 1, .buckets = 4, .chunk = 8};
  config.layers = 3;
  config.heads = 2;
  config.width = 32;
  config.vocabulary = 11;
  config.positions = 30;
  config.outputs = 7;
  return config;
}

Tensor Ids(int64_t batch, int64_t positions) {
  at::manual_seed(3);
  return at::randint(0, 11, {batch, positions}, at::kLong);
}

class CausalTransformer : public ::testing::TestWithParam<const char*> {};

TEST_P(CausalTransformer, LaterInputsChangeNoEarlierOutput) {
  const auto network = Transformer::Create(Small(GetParam()));
  ASSERT_TRUE(network.ok()) << network.status();
  const at::NoGradGuard no_grad;
  const Tensor ids = Ids(2, 30);
  Tensor changed = ids.clone();
  changed.narrow(1, 20, 10).add_(1).remainder_(11);
  const Tensor out = (*network)->Forward(ids, {}, 0), other = (*network)->Forward(changed, {}, 0);
  EXPECT_LT((out - other).narrow(1, 0, 20).abs().max().item<double>(), 1e-4);
  EXPECT_GT((out - other).narrow(1, 20, 10).abs().max().item<double>(), 1e-3);
}

INSTANTIATE_TEST_SUITE_P(ByName, CausalTransformer, ::testing::Values("softmax", "sdpa", "linear"));

class GeneratingTransformer : public ::testing::TestWithParam<const char*> {};

TEST_P(GeneratingTransformer, StepsGiveWhatTheParallelFormGives) {
  const auto network = Transformer::Create(Small(GetParam()));
  ASSERT_TRUE(network.ok()) << network.status();
  const at::NoGradGuard no_grad;
  const Tensor ids = Ids(2, 30);
  const Tensor parallel = (*network)->Forward(ids, {}, 0);
  const auto state = (*network)->NewState(2);
  ASSERT_NE(state, nullptr);
  for (int64_t t = 0; t < 30; ++t) {
    const Tensor step = (*network)->Step(ids.select(1, t), *state);
    EXPECT_LT((step - parallel.select(1, t)).abs().max().item<double>(), 1e-4) << t;
  }
}

INSTANTIATE_TEST_SUITE_P(ByName, GeneratingTransformer,
                         ::testing::Values("softmax-cached", "linear"));

TEST(TransformerTest, EveryParameterHasAGradient) {
  for (const char* attention : {"softmax", "lsh-2", "linear"}) {
    const auto network = Transformer::Create(Small(attention));
    ASSERT_TRUE(network.ok()) << network.status();
    (*network)->Forward(Ids(2, 30), {}, 0).square().sum().backward();
    for (const Parameter& p : (*network)->parameters().all()) {
      // A bias of keys shifts all scores of a query alike: softmax does not see it.
      if (attention == std::string("softmax") && p.name.ends_with("keys.bias")) continue;
      ASSERT_TRUE(p.tensor.grad().defined()) << p.name;
      EXPECT_GT(p.tensor.grad().abs().max().item<double>(), 0) << p.name;
    }
  }
}

TEST(TransformerTest, BidirectionalSeesTheWholeSequenceAndNoPadding) {
  TransformerConfig config = Small("linear");
  config.causal = false;
  config.vocabulary = 0;
  config.features = 5;
  const auto network = Transformer::Create(config);
  ASSERT_TRUE(network.ok()) << network.status();
  const at::NoGradGuard no_grad;
  at::manual_seed(1);
  const Tensor frames = at::randn({1, 20, 5});
  const Tensor out = (*network)->Forward(frames, {}, 0);
  Tensor changed = frames.clone();
  changed.select(1, 19).fill_(1);
  EXPECT_GT(((*network)->Forward(changed, {}, 0) - out).select(1, 0).abs().max().item<double>(),
            1e-4);
  const Tensor padded = at::cat({frames, at::randn({1, 7, 5})}, 1);
  const Tensor lengths = at::full({1}, 20, at::kLong);
  EXPECT_LT(
      ((*network)->Forward(padded, lengths, 0).narrow(1, 0, 20) - out).abs().max().item<double>(),
      1e-4);
}

TEST(TransformerTest, TheSeedMakesTheWeights) {
  TransformerConfig config = Small("linear");
  const auto weight = [&](uint64_t seed) {
    config.seed = seed;
    return (*Transformer::Create(config))->parameters().all()[1].tensor;
  };
  EXPECT_TRUE(weight(1).equal(weight(1)));
  EXPECT_FALSE(weight(1).equal(weight(2)));
}

TEST(TransformerTest, ErrorsNameTheField) {
  const auto message = [](auto change) {
    TransformerConfig config = Small("linear");
    change(config);
    return std::string(Transformer::Create(config).status().message());
  };
  EXPECT_NE(message([](auto& c) { c.heads = 3; }).find("width"), std::string::npos);
  EXPECT_NE(message([](auto& c) {
              c.width = 130;
              c.heads = 1;
            }).find("width"),
            std::string::npos);
  EXPECT_NE(message([](auto& c) { c.layers = 0; }).find("layers"), std::string::npos);
  EXPECT_NE(message([](auto& c) { c.features = 3; }).find("vocabulary"), std::string::npos);
  EXPECT_NE(message([](auto& c) { c.attention = "none"; }).find("none"), std::string::npos);
}

}  // namespace
}  // namespace rill::paper
