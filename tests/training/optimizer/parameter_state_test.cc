#include "model/training/optimizer/parameter_state.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "kernels/cpu/simd.h"
#include "model/training/optimizer/muon.h"

namespace rill::training {
namespace {

at::Tensor Random(at::IntArrayRef shape, uint64_t seed) {
  return at::randn(shape, at::make_generator<at::CPUGeneratorImpl>(seed));
}

ParameterState State(const std::string& name, const at::Tensor& tensor, bool is_matrix,
                     const OptimizerOptions& options = {}) {
  return ParameterState({name, tensor, is_matrix}, 64, options);
}

// Of a vector or a head; and of a block's matrix if Muon is switched off.
class AdamWTest : public testing::TestWithParam<bool> {};

TEST_P(AdamWTest, MatchesAReferenceInDouble) {
  constexpr int kSize = 12;
  constexpr double kRate = 2.5e-3, kDecay = 0.05, kBeta1 = 0.9, kBeta2 = 0.98, kEpsilon = 1e-8;
  const at::Tensor start = Random({3, 4}, 1);
  OptimizerOptions options;
  options.muon = !GetParam();
  ParameterState state = GetParam() ? State("blocks.0.ffn1.up.weight", start.clone(), true, options)
                                    : State("head.weight", start.clone(), false, options);
  std::vector<double> w(kSize), m(kSize, 0), v(kSize, 0);
  for (int i = 0; i < kSize; ++i) w[i] = start.const_data_ptr<float>()[i];
  for (int step = 0; step < 60; ++step) {
    const at::Tensor gradient = Random({3, 4}, 10 + step);
    state.GatherGradient({gradient}, 1);
    state.Update(step, kRate, 1);
    for (int i = 0; i < kSize; ++i) {
      const double g = gradient.const_data_ptr<float>()[i];
      m[i] = kBeta1 * m[i] + (1 - kBeta1) * g;
      v[i] = kBeta2 * v[i] + (1 - kBeta2) * g * g;
      const double mean = m[i] / (1 - std::pow(kBeta1, step + 1));
      const double square = v[i] / (1 - std::pow(kBeta2, step + 1));
      w[i] -= kRate * kDecay * w[i] + kRate * mean / (std::sqrt(square) + kEpsilon);
    }
  }
  for (int i = 0; i < kSize; ++i) {
    EXPECT_NEAR(state.master().const_data_ptr<float>()[i], w[i], 1e-5);
  }
}

INSTANTIATE_TEST_SUITE_P(MatrixOfABlock, AdamWTest, testing::Bool());

TEST(ParameterStateTest, MuonStepsAlongTheOrthogonalisedNesterovMomentum) {
  const at::Tensor start = Random({16, 24}, 1);
  const at::Tensor first = Random({16, 24}, 2), second = Random({16, 24}, 3);
  ParameterState state = State("blocks.0.ffn1.up.weight", start.clone(), true);
  state.GatherGradient({first}, 1);
  state.Update(0, 0.01, 1);
  state.GatherGradient({second}, 1);
  state.Update(1, 0.01, 1);

  const at::ScalarType compute = kernels::HasFastBFloat16() ? at::kBFloat16 : at::kFloat;
  at::Tensor expected = start.clone();
  at::Tensor momentum = at::zeros_like(start);
  for (const at::Tensor& gradient : {first, second}) {
    momentum = 0.95 * momentum + gradient;
    const at::Tensor direction =
        MuonDirection((gradient + 0.95 * momentum).unsqueeze(0), 5, compute).squeeze(0);
    expected = expected * (1 - 0.01 * 0.05) - 0.01 * direction;
  }
  // The state's momentum is 20 times smaller, so roundings in bf16 may differ; a step is about
  // 2e-3.
  const at::Tensor error = (state.master() - expected).abs();
  EXPECT_LT(error.max().item<float>(), 3e-4);
  EXPECT_LT(error.mean().item<float>(), 5e-5);
}

TEST(ParameterStateTest, SparesNormsBiasesScalesAndSinksFromDecay) {
  const std::vector<std::pair<std::string, bool>> cases = {{"blocks.0.ffn1.norm", false},
                                                           {"blocks.0.attention.sink", false},
                                                           {"blocks.0.attention.q_scale", false},
                                                           {"blocks.0.attention.k_scale", false},
                                                           {"blocks.0.attention.decay.bias", false},
                                                           {"blocks.0.attention.merge_norm", false},
                                                           {"final_norm", false},
                                                           {"head.bias", false},
                                                           {"head.weight", true},
                                                           {"blocks.0.conv.depthwise", true},
                                                           {"front.conv1.weight", true},
                                                           {"blocks.0.attention.out.weight", true}};
  for (const auto& [name, decays] : cases) {
    ParameterState state = State(name, at::ones({2, 3}), false);
    state.GatherGradient({at::Tensor()}, 1);
    state.Update(0, 0.1, 1);
    EXPECT_EQ(state.master()[0][0].item<float>() < 1, decays) << name;
  }
}

TEST(ParameterStateTest, SmallStepsAddUpInTheMasterOfABfloat16Parameter) {
  const at::Tensor tensor = at::ones({4}, at::kBFloat16);
  ParameterState state = State("head.bias", tensor, false);
  for (int step = 0; step < 100; ++step) {
    state.GatherGradient({at::ones({4}, at::kBFloat16)}, 1);
    state.Update(step, 1e-4, 1);  // bf16 next to 1 has steps of 4e-3
  }
  EXPECT_NEAR(state.master()[0].item<float>(), 0.99, 1e-4);
  EXPECT_TRUE(at::equal(tensor, state.master().to(at::kBFloat16)));
}

TEST(ParameterStateTest, SumsReplicasInFloatAndTakesAMissingGradientAsZero) {
  ParameterState state = State("head.bias", at::zeros({2}), false);
  // In bf16 256 + 1 is 256.
  state.GatherGradient(
      {at::full({2}, 256, at::kBFloat16), at::Tensor(), at::full({2}, 1, at::kBFloat16)}, 0.5);
  EXPECT_EQ(state.gradient()[0].item<float>(), 128.5f);
  EXPECT_EQ(state.SquaredGradientNorm().item<float>(), 2 * 128.5f * 128.5f);
}

TEST(ParameterStateTest, AverageFollowsTheMasterAndIsShownOnDemand) {
  OptimizerOptions options;
  options.average_decay = 0.5;
  const at::Tensor tensor = at::zeros({1});
  ParameterState state = State("head.bias", tensor, false, options);
  double average = 0;
  for (int step = 0; step < 20; ++step) {
    state.GatherGradient({at::ones({1})}, 1);
    state.Update(step, 0.1, 1);
    const double decay = std::min(0.5, (1.0 + step) / (10.0 + step));
    average = decay * average + (1 - decay) * state.master().item<double>();
  }
  const float master = state.master().item<float>();
  EXPECT_EQ(tensor.item<float>(), master);
  state.ShowAverage();
  EXPECT_NEAR(tensor.item<float>(), average, 1e-5);
  EXPECT_NE(tensor.item<float>(), master);
  state.ShowMaster();
  EXPECT_EQ(tensor.item<float>(), master);
}

}  // namespace
}  // namespace rill::training
