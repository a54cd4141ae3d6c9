#include "model/paper/network/radam.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>

namespace rill::paper {
namespace {

// Algorithm 2 of Liu et al. (2020) for one number, in double.
class SlowRAdam {
 public:
  double Step(double x, double gradient, double rate) {
    ++t_;
    m_ = 0.9 * m_ + 0.1 * gradient;
    v_ = 0.999 * v_ + 0.001 * gradient * gradient;
    const double m_hat = m_ / (1 - std::pow(0.9, t_));
    const double rho_inf = 2 / (1 - 0.999) - 1;
    const double rho = rho_inf - 2 * t_ * std::pow(0.999, t_) / (1 - std::pow(0.999, t_));
    if (rho <= 4) return x - rate * m_hat;
    const double l = std::sqrt((1 - std::pow(0.999, t_)) / v_);
    const double r =
        std::sqrt((rho - 4) * (rho - 2) * rho_inf / ((rho_inf - 4) * (rho_inf - 2) * rho));
    return x - rate * r * m_hat * l;
  }

 private:
  double t_ = 0, m_ = 0, v_ = 0;
};

TEST(RAdamTest, IsTheFormulaStepByStep) {
  Parameters parameters(1);
  const at::Tensor x = parameters.AddConstant("x", {1}, 1.5);
  RAdam optimizer(parameters, {});
  SlowRAdam slow;
  double expected = 1.5;
  for (int t = 1; t <= 40; ++t) {  // rectified from the sixth on
    const double gradient = std::sin(3.0 * t) + 0.3;
    x.mutable_grad() = at::full({1}, gradient);
    expected = slow.Step(expected, gradient, 0.05);
    optimizer.Step(0.05);
    ASSERT_NEAR(x.item<double>(), expected, 1e-5) << t;
    EXPECT_FALSE(x.grad().defined());
  }
}

TEST(RAdamTest, WithoutRectificationIsAdam) {
  Parameters parameters(1);
  const at::Tensor x = parameters.AddConstant("x", {1}, 0);
  RAdam optimizer(parameters, {.rectify = false});
  x.mutable_grad() = at::full({1}, 42.0);
  optimizer.Step(0.1);  // the first step of Adam is the rate, whatever the gradient
  EXPECT_NEAR(x.item<double>(), -0.1, 1e-6);
}

TEST(RAdamTest, FindsTheMinimum) {
  Parameters parameters(1);
  const at::Tensor x = parameters.AddConstant("x", {3}, 4);
  const at::Tensor target = at::tensor({1.0f, -2.0f, 0.5f});
  RAdam optimizer(parameters, {});
  for (int t = 0; t < 4000; ++t) {
    (x - target).square().sum().backward();
    optimizer.Step(0.02);
  }
  EXPECT_LT((x - target).abs().max().item<double>(), 1e-2);
}

}  // namespace
}  // namespace rill::paper
