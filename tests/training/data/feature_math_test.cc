#include "model/training/data/feature_math.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "model/training/data/random.h"

namespace rill::training {
namespace {

std::vector<float> Draw(int64_t n, double low, double high, uint64_t key) {
  Random random({key});
  std::vector<float> x;
  for (int64_t i = 0; i < n; ++i) x.push_back(static_cast<float>(random.Uniform(low, high)));
  return x;
}

// 37 values: whole vectors and a rest of any width.
TEST(FeatureMathTest, HalvesComeBackWithinTheirPrecision) {
  for (int64_t n : {0, 1, 7, 8, 16, 37}) {
    const std::vector<float> x = Draw(n, -16, 32, 1);
    std::vector<uint16_t> halves(n + 1, 0xABCD);
    std::vector<float> y(n + 1, -1);
    FloatToHalf(n, x.data(), halves.data());
    HalfToFloat(n, halves.data(), y.data());
    for (int64_t i = 0; i < n; ++i) EXPECT_NEAR(y[i], x[i], std::abs(x[i]) / 2048);
    EXPECT_EQ(halves[n], 0xABCD) << "wrote behind the end";
    EXPECT_EQ(y[n], -1) << "wrote behind the end";
  }
  const float one = 1;
  uint16_t half = 0;
  FloatToHalf(1, &one, &half);
  EXPECT_EQ(half, 0x3C00);  // IEEE 754 binary16
}

TEST(FeatureMathTest, SumsExponentials) {
  const std::vector<float> x = Draw(37, -10, 25, 2);
  double expected = 0;
  for (const float v : x) expected += std::exp(static_cast<double>(v));
  EXPECT_NEAR(SumExp(37, x.data()), expected, 1e-5 * expected);
}

TEST(FeatureMathTest, AddsEnergiesOfTwoSounds) {
  std::vector<float> x = Draw(37, -15, 25, 3);
  const std::vector<float> before = x;
  const std::vector<float> noise = Draw(37, -15, 25, 4);
  std::vector<uint16_t> halves(37);
  std::vector<float> rounded(37);
  FloatToHalf(37, noise.data(), halves.data());
  HalfToFloat(37, halves.data(), rounded.data());
  AddLogEnergy(37, halves.data(), -2.5f, x.data());
  for (int i = 0; i < 37; ++i) {
    const double expected = std::log(std::exp(static_cast<double>(before[i])) +
                                     std::exp(static_cast<double>(rounded[i]) - 2.5));
    EXPECT_NEAR(x[i], expected, 2e-6 * (1 + std::abs(expected))) << i;
  }
}

TEST(FeatureMathTest, ASilentSoundChangesNothing) {
  std::vector<float> x = {-16, 1, 5, 30};
  const std::vector<uint16_t> noise(4, 0xFBFF);  // the lowest finite half
  AddLogEnergy(4, noise.data(), -1000, x.data());
  EXPECT_EQ(x, (std::vector<float>{-16, 1, 5, 30}));
}

TEST(FeatureMathTest, Normalises) {
  std::vector<float> x = {1, 2, 3, 4, 5, 6};
  const std::vector<float> mean = {1, 1, 2}, inv_std = {1, 2, 0.5};
  Normalise(2, 3, mean.data(), inv_std.data(), x.data());
  EXPECT_EQ(x, (std::vector<float>{0, 2, 0.5f, 3, 8, 2}));
}

}  // namespace
}  // namespace rill::training
