#include "model/paper/copy/copy_task.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

namespace rill::paper {
namespace {

using at::Tensor;

TEST(CopyTaskTest, WhatCountsIsACopyOfWhatCameBefore) {
  const CopyOptions options = {.length = 40, .symbols = 10};
  for (uint64_t number = 0; number < 20; ++number) {
    const CopyBatch batch = MakeCopyBatch(options, 8, 1, number);
    for (int64_t b = 0; b < 8; ++b) {
      const int64_t n = batch.counts[b].sum().item<int64_t>() - 1;  // the string, and its end
      ASSERT_GE(n, 10);
      ASSERT_LT(n, 20);
      const Tensor x = batch.inputs[b], y = batch.targets[b];
      EXPECT_EQ(x[n].item<int64_t>(), 0);
      EXPECT_TRUE(x.narrow(0, 0, n).equal(x.narrow(0, n + 1, n)));
      EXPECT_GT(x.narrow(0, 0, n).min().item<int64_t>(), 0);
      EXPECT_LE(x.narrow(0, 0, n).max().item<int64_t>(), 10);
      EXPECT_TRUE(y.narrow(0, n, n).equal(x.narrow(0, 0, n)));
      EXPECT_EQ(y[2 * n].item<int64_t>(), 0);
      EXPECT_TRUE(y.narrow(0, 0, 39).equal(x.narrow(0, 1, 39)));
    }
  }
}

TEST(CopyTaskTest, ABatchIsAFunctionOfItsNumber) {
  const CopyOptions options = {.length = 40};
  EXPECT_TRUE(MakeCopyBatch(options, 4, 1, 7).inputs.equal(MakeCopyBatch(options, 4, 1, 7).inputs));
  EXPECT_FALSE(
      MakeCopyBatch(options, 4, 1, 7).inputs.equal(MakeCopyBatch(options, 4, 1, 8).inputs));
  EXPECT_FALSE(
      MakeCopyBatch(options, 4, 2, 7).inputs.equal(MakeCopyBatch(options, 4, 1, 7).inputs));
}

TEST(CopyTaskTest, APerfectGuessHasNoLossAndARandomOneTheEntropy) {
  const CopyBatch batch = MakeCopyBatch({.length = 40}, 4, 1, 0);
  const Tensor right = at::one_hot(batch.targets, 11).to(at::kFloat) * 100;
  EXPECT_NEAR(CopyLoss(right, batch).item<double>(), 0, 1e-5);
  EXPECT_DOUBLE_EQ(CopyAccuracy(right, batch), 1);
  EXPECT_NEAR(CopyLoss(at::zeros({4, 40, 11}), batch).item<double>(), std::log(11.0), 1e-5);
}

TEST(CopyTaskTest, PositionsThatDoNotCountChangeNothing) {
  const CopyBatch batch = MakeCopyBatch({.length = 40}, 4, 1, 0);
  at::manual_seed(1);
  const Tensor logits = at::randn({4, 40, 11});
  const Tensor changed = logits + (1 - batch.counts).unsqueeze(2) * at::randn({4, 40, 11});
  EXPECT_NEAR(CopyLoss(logits, batch).item<double>(), CopyLoss(changed, batch).item<double>(),
              1e-5);
  EXPECT_DOUBLE_EQ(CopyAccuracy(logits, batch), CopyAccuracy(changed, batch));
}

}  // namespace
}  // namespace rill::paper
