#include "model/training/optimizer/optimizer.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tests/training/run/linear_trainable.h"

namespace rill::training {
namespace {

void SetGradients(std::vector<Parameter>& parameters, float value) {
  for (Parameter& parameter : parameters) {
    parameter.tensor.mutable_grad() = at::full_like(parameter.tensor, value);
  }
}

int64_t Size(const std::vector<Parameter>& parameters) {
  int64_t size = 0;
  for (const Parameter& parameter : parameters) size += parameter.tensor.numel();
  return size;
}

TEST(OptimizerTest, GathersTheNormOverAllParametersAndReplicas) {
  ThreadTeam team(2);
  LinearTrainable model;
  std::unique_ptr<Trainable> replica = model.Replicate();
  Optimizer optimizer(model.parameters(), 64, {}, team);
  SetGradients(model.parameters(), 3);
  SetGradients(replica->parameters(), 1);
  const absl::StatusOr<double> norm =
      optimizer.Gather({&model.parameters(), &replica->parameters()}, 0.5);
  ASSERT_TRUE(norm.ok()) << norm.status();
  EXPECT_NEAR(*norm, 2 * std::sqrt(static_cast<double>(Size(model.parameters()))), 1e-4);
  EXPECT_FALSE(model.parameters()[0].tensor.grad().defined());
  EXPECT_FALSE(replica->parameters()[0].tensor.grad().defined());
}

TEST(OptimizerTest, ClipsByTheGlobalNorm) {
  ThreadTeam team(1);
  LinearTrainable model;
  Optimizer optimizer(model.parameters(), 64, {}, team);
  for (const float value : {0.01f, 100.0f}) {
    SetGradients(model.parameters(), value);
    const double norm = *optimizer.Gather({&model.parameters()}, 1);
    ASSERT_TRUE(optimizer.Update(0, 0, norm).ok());
    double squares = 0;
    for (const ParameterState& state : optimizer.states()) {
      squares += state.gradient().square().sum().item<double>();
    }
    EXPECT_NEAR(std::sqrt(squares), std::min(norm, 5.0), 1e-4);
  }
}

// Matrices of one size, some of them in a fused one; of another size; and what AdamW has.
std::vector<Parameter> ManyParameters() {
  std::vector<Parameter> parameters;
  const auto add = [&](const std::string& name, at::IntArrayRef shape, bool is_matrix) {
    const auto generator = at::make_generator<at::CPUGeneratorImpl>(parameters.size());
    at::Tensor value = at::randn(shape, generator).mul_(0.2);
    parameters.push_back({name, value.set_requires_grad(true), is_matrix});
  };
  add("blocks.0.ffn1.up.weight", {24, 16}, true);
  add("blocks.0.conv.up.weight", {48, 16}, true);  // two of 24 x 16
  add("blocks.0.conv.depthwise", {16, 3}, false);
  add("blocks.0.attention.out.weight", {16, 16}, true);
  add("blocks.1.ffn1.up.weight", {24, 16}, true);
  add("head.weight", {5, 16}, false);
  add("head.bias", {5}, false);
  return parameters;
}

TEST(ParameterListTest, StepsAsTheParametersDoOneByOne) {
  ThreadTeam team(1);
  const OptimizerOptions options;
  std::vector<Parameter> apart_first = ManyParameters(), apart_second = ManyParameters();
  std::vector<Parameter> list_first = ManyParameters(), list_second = ManyParameters();
  Optimizer apart(apart_first, 64, options, team), states(list_first, 64, options, team);
  ParameterList together(states.states(), options);
  for (int step = 0; step < 5; ++step) {
    for (size_t i = 0; i < apart_first.size(); ++i) {
      const auto gradient = [&](uint64_t replica) {
        return at::randn(apart_first[i].tensor.sizes(),
                         at::make_generator<at::CPUGeneratorImpl>(100 * step + 10 * i + replica));
      };
      apart_first[i].tensor.mutable_grad() = gradient(0);
      list_first[i].tensor.mutable_grad() = gradient(0);
      if (i == 2) continue;  // the second replica did not use it
      apart_second[i].tensor.mutable_grad() = gradient(1);
      list_second[i].tensor.mutable_grad() = gradient(1);
    }
    const double norm = *apart.Gather({&apart_first, &apart_second}, 0.1);
    EXPECT_NEAR(together.Gather({&list_first, &list_second}, 0.1), norm, 1e-5 * norm);
    EXPECT_FALSE(list_first[0].tensor.grad().defined());
    ASSERT_TRUE(apart.Update(step, 0.01, 10).ok());  // more than the limit: clipped
    together.Update(step, 0.01, options.clip_norm / 10);
  }
  for (size_t i = 0; i < apart.states().size(); ++i) {
    const auto expected = apart.states()[i].Tensors(), got = states.states()[i].Tensors();
    for (size_t k = 0; k < expected.size(); ++k) {
      EXPECT_TRUE(at::allclose(got[k].second, expected[k].second, 1e-2, 2e-4))
          << expected[k].first << " of " << apart.states()[i].name();
    }
    EXPECT_TRUE(at::allclose(list_first[i].tensor, apart_first[i].tensor, 1e-2, 2e-4));
  }
}

TEST(OptimizerTest, ThreadsDoNotChangeABit) {
  std::vector<at::Tensor> first;
  for (const int threads : {1, 2, 3}) {
    ThreadTeam team(threads);
    LinearTrainable model;
    Optimizer optimizer(model.parameters(), 64, {}, team);
    for (int step = 0; step < 5; ++step) {
      model.Backward(RandomBatch(step));
      const double norm = *optimizer.Gather({&model.parameters()}, 0.1);
      ASSERT_TRUE(optimizer.Update(step, 0.01, norm).ok());
    }
    for (size_t i = 0; i < optimizer.states().size(); ++i) {
      if (threads == 1) {
        first.push_back(optimizer.states()[i].master());
      } else {
        EXPECT_TRUE(at::equal(optimizer.states()[i].master(), first[i]));
      }
    }
  }
}

}  // namespace
}  // namespace rill::training
