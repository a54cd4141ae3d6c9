// What the loss of the trainer is made of on a GPU, and may have besides CTC: a penalty on delay,
// consistency of two views, a teacher's codes; and dropout.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <utility>

#include "model/training/data/teacher_codes.h"
#include "model/training/encoder/consistency_loss.h"
#include "model/training/encoder/dropout.h"
#include "model/training/encoder/encoder_module.h"
#include "model/training/encoder/teacher_loss.h"

namespace rill::training {
namespace {

using at::Tensor;

// The frame at which the only label is expected, from what the loss's gradient says of it.
double ExpectedFrame(const Tensor& logits, double delay_penalty) {
  const Tensor x = logits.clone().requires_grad_(true);
  int64_t skipped = 0;
  const int64_t frames = logits.size(1);
  CtcLossSum(x, {{0, 0, frames, {1}, 1.0f}}, &skipped, delay_penalty).backward();
  const Tensor occupation = (at::softmax(logits, -1) - x.grad()).select(-1, 1)[0];
  return (occupation * at::arange(frames)).sum().item<double>() / occupation.sum().item<double>();
}

TEST(DelayPenaltyTest, MovesLabelsToEarlierFrames) {
  const Tensor logits = at::zeros({1, 12, 3});
  logits.select(-1, 2).fill_(-20);
  const double before = ExpectedFrame(logits, 0);
  const double after = ExpectedFrame(logits, 0.1);
  EXPECT_LT(after, before - 0.5);
  EXPECT_LT(ExpectedFrame(logits, 0.5), after);
}

TEST(DelayPenaltyTest, CountsAnewAfterASureBlank) {
  const Tensor logits = at::zeros({1, 12, 3});
  logits.select(-1, 2).fill_(-20);
  logits.select(-1, 0).fill_(10);  // no frame has anything but blank: there is nothing to move
  EXPECT_NEAR(ExpectedFrame(logits, 0.1), ExpectedFrame(logits, 0), 1e-3);
}

TEST(PlainCtcTest, IsTheFusedLoss) {
  at::manual_seed(2);
  const Tensor logits = at::randn({2, 20, 6});
  // Of all lengths and weights, one without text, one that fits nowhere, and frames of no clip.
  const std::vector<PackedClip> clips = {{0, 0, 7, {1, 2, 2}, 1.0f},
                                         {0, 7, 4, {5}, 0.5f},
                                         {0, 12, 3, {3, 3, 3}, 1.0f},
                                         {1, 2, 5, {}, 1.0f},
                                         {1, 8, 12, {4, 1, 5, 2, 3}, 2.0f}};
  const auto compute = [&](const auto& function) {
    const Tensor x = logits.clone().requires_grad_(true);
    int64_t skipped = 0;
    const Tensor loss = function(x, &skipped);
    loss.backward();
    EXPECT_EQ(skipped, 1);
    return std::pair(loss.template item<double>(), x.grad());
  };
  const auto [fused, fused_gradient] =
      compute([&](const Tensor& x, int64_t* skipped) { return CtcLossSum(x, clips, skipped); });
  const auto [plain, plain_gradient] = compute(
      [&](const Tensor& x, int64_t* skipped) { return PlainCtcLossSum(x, clips, skipped); });
  EXPECT_NEAR(plain, fused, 1e-4 * fused);
  EXPECT_TRUE(at::allclose(plain_gradient, fused_gradient, 1e-3, 1e-5));
}

TEST(PlainCtcTest, ClipsThatFitNowhereGiveNothing) {
  const Tensor logits = at::randn({1, 4, 3}).requires_grad_(true);
  int64_t skipped = 0;
  const Tensor loss = PlainCtcLossSum(logits, {{0, 0, 2, {1, 1, 1}, 1.0f}}, &skipped);
  loss.backward();
  EXPECT_EQ(skipped, 1);
  EXPECT_EQ(loss.item<double>(), 0);
  EXPECT_EQ(logits.grad().abs().max().item<float>(), 0);
}

TEST(DropoutTest, LeavesOutItsPartAndKeepsTheMean) {
  const Tensor x = at::ones({400, 100}).requires_grad_(true);
  const Tensor y = Dropout(0.25, 7, at::kCPU).Apply(x);
  EXPECT_NEAR((y == 0).to(at::kFloat).mean().item<double>(), 0.25, 0.01);
  EXPECT_NEAR(y.mean().item<double>(), 1, 0.02);
  y.sum().backward();
  EXPECT_TRUE(x.grad().equal(y.detach()));  // what is left out learns nothing
}

TEST(DropoutTest, DependsOnItsKeyAlone) {
  const Tensor x = at::ones({40, 10});
  Dropout first(0.5, 7, at::kCPU);
  const Tensor a = first.Apply(x), b = first.Apply(x);
  at::manual_seed(3);
  EXPECT_TRUE(Dropout(0.5, 7, at::kCPU).Apply(x).equal(a));
  EXPECT_FALSE(a.equal(b));
  EXPECT_FALSE(Dropout(0.5, 8, at::kCPU).Apply(x).equal(a));
}

TEST(ConsistencyLossTest, IsTheDivergenceBothWays) {
  at::manual_seed(1);
  const Tensor logits = at::randn({4, 6, 5}).requires_grad_(true);
  // Rows 2 and 3 are other views of rows 0 and 1.
  const std::vector<PackedClip> clips = {
      {0, 1, 3, {1}, 1.0f}, {1, 0, 6, {2}, 0.5f}, {2, 1, 3, {1}, 1.0f}, {3, 0, 6, {2}, 0.5f}};
  const Tensor loss = ConsistencyLoss(logits, clips);
  loss.backward();
  const Tensor p = at::softmax(logits.detach(), -1), log_p = p.log();
  double expected = 0;
  Tensor gradient = at::zeros_like(p);
  for (int64_t row : {0, 1}) {
    for (int64_t t = row == 0 ? 1 : 0; t < (row == 0 ? 4 : 6); ++t) {
      const double weight = row == 0 ? 1.0 : 0.5;
      const Tensor a = p[row][t], b = p[row + 2][t];
      expected += weight * ((a - b) * (log_p[row][t] - log_p[row + 2][t])).sum().item<double>();
      gradient[row][t] = weight * (a - b);
      gradient[row + 2][t] = weight * (b - a);
    }
  }
  EXPECT_NEAR(loss.item<double>(), expected, 1e-4);
  EXPECT_TRUE(at::allclose(logits.grad(), gradient, 1e-4, 1e-5));
}

TEST(TeacherLossTest, IsTheCrossEntropyOfTheCodesOfClipsThatHaveAny) {
  at::manual_seed(1);
  const Tensor logits = at::randn({2, 6, 2 * kTeacherClasses}).requires_grad_(true);
  const std::vector<PackedClip> clips = {
      {0, 0, 3, {1}, 1.0f}, {0, 3, 2, {1}, 0.5f, {7, 255, 0, 9}}, {1, 1, 1, {2}, 1.0f, {3, 4}}};
  const Tensor loss = TeacherLoss(logits, clips);
  loss.backward();
  const Tensor p = at::softmax(logits.detach().view({2, 6, 2, kTeacherClasses}), -1);
  Tensor gradient = at::zeros_like(p);
  double expected = 0;
  const auto expect = [&](int64_t row, int64_t frame, int64_t group, int64_t code) {
    expected -= p[row][frame][group][code].log().item<double>() / 2;
    gradient[row][frame][group] = p[row][frame][group] / 2;
    gradient[row][frame][group][code] -= 0.5;
  };
  expect(0, 3, 0, 7);
  expect(0, 3, 1, 255);
  expect(0, 4, 0, 0);
  expect(0, 4, 1, 9);
  expect(1, 1, 0, 3);
  expect(1, 1, 1, 4);
  EXPECT_NEAR(loss.item<double>(), expected, 1e-4);
  EXPECT_TRUE(at::allclose(logits.grad(), gradient.view(logits.sizes()), 1e-4, 1e-6));
}

TEST(TeacherLossTest, NoCodesNoLoss) {
  const Tensor logits = at::randn({1, 6, kTeacherClasses}).requires_grad_(true);
  const Tensor loss = TeacherLoss(logits, {{0, 0, 3, {1}, 1.0f}});
  loss.backward();
  EXPECT_EQ(loss.item<double>(), 0);
  EXPECT_EQ(logits.grad().abs().max().item<float>(), 0);
}

TEST(ConsistencyLossTest, EqualViewsHaveNone) {
  const Tensor view = at::randn({1, 4, 5});
  const Tensor loss = ConsistencyLoss(at::cat({view, view}), {{0, 0, 4, {1}, 1.0f}});
  EXPECT_NEAR(loss.item<double>(), 0, 1e-6);
}

}  // namespace
}  // namespace rill::training
