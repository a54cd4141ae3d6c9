#include "model/paper/generate/mixture_of_logistics.h"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <gtest/gtest.h>

namespace rill::paper {
namespace {

using at::Tensor;

// Broad and thin, inside and far outside.
Tensor Parameters() {
  at::manual_seed(5);
  Tensor p = at::randn({40, 30});
  p.narrow(1, 10, 10).mul_(1.5);
  p.narrow(1, 20, 10).mul_(2).sub_(3);
  p.narrow(0, 20, 10).narrow(1, 20, 10).fill_(-50);  // as thin as it gets
  p.narrow(0, 30, 10).narrow(1, 10, 10).fill_(30);   // all of it above white
  return p;
}

TEST(MixtureOfLogisticsTest, ProbabilitiesSumToOne) {
  const Tensor p = Parameters().unsqueeze(1).expand({40, 256, 30});
  const Tensor pixels = at::arange(256, at::kLong).unsqueeze(0).expand({40, 256});
  const Tensor sums = LogProbability(p, pixels).exp().sum(1);
  EXPECT_LT((sums - 1).abs().max().item<double>(), 1e-4);
}

TEST(MixtureOfLogisticsTest, GradientsAreFinite) {
  const Tensor p = Parameters().requires_grad_(true);
  for (const int64_t pixel : {0, 1, 127, 254, 255}) {
    LogProbability(p, at::full({40}, pixel, at::kLong)).sum().backward();
  }
  EXPECT_TRUE(p.grad().isfinite().all().item<bool>());
}

TEST(MixtureOfLogisticsTest, AThinMixtureSaysItsMean) {
  Tensor p = at::zeros({1, 3});
  p[0][1] = 2.0 * 200 / 255 - 1;
  p[0][2] = -7;
  EXPECT_GT(LogProbability(p, at::full({1}, 200, at::kLong)).item<double>(), -0.1);
  EXPECT_LT(LogProbability(p, at::full({1}, 190, at::kLong)).item<double>(), -10);
}

// What is drawn comes as often as its probability says.
TEST(MixtureOfLogisticsTest, SamplesFollowTheProbabilities) {
  Tensor p = at::tensor({0.3f, -0.6f, -0.4f, 0.7f, -2.0f, -1.0f}).unsqueeze(0);
  const int64_t count = 200000;
  const auto random = at::make_generator<at::CPUGeneratorImpl>(9);
  const Tensor drawn = SamplePixels(p.expand({count, 6}), random);
  const Tensor often = drawn.bincount({}, 256).to(at::kFloat) / count;
  const Tensor expected = LogProbability(p.expand({256, 6}), at::arange(256, at::kLong)).exp();
  EXPECT_LT((often - expected).abs().max().item<double>(), 0.002);
}

}  // namespace
}  // namespace rill::paper
