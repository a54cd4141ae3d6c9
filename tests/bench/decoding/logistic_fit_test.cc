#include "tests/bench/decoding/logistic_fit.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace rill {
namespace {

TEST(LogisticFitTest, FindsTheWeightsThatMadeTheObservations) {
  std::mt19937 random(1);
  std::normal_distribution<double> normal;
  std::uniform_real_distribution<double> uniform;
  std::vector<Observation> observations;
  for (int i = 0; i < 20000; ++i) {
    const double a = normal(random), b = normal(random);
    const double p = 1 / (1 + std::exp(-(0.5 + 1.5 * a - 2 * b)));
    observations.push_back({{a, b}, uniform(random) < p});
  }
  const std::vector<double> weights = FitLogistic(observations, 0);
  ASSERT_EQ(weights.size(), 3u);
  EXPECT_NEAR(weights[0], 0.5, 0.1);
  EXPECT_NEAR(weights[1], 1.5, 0.1);
  EXPECT_NEAR(weights[2], -2, 0.1);
}

TEST(LogisticFitTest, SeparableAndConstantFeaturesStayFinite) {
  std::vector<Observation> observations;
  for (int i = 0; i < 10; ++i) observations.push_back({{i < 5 ? -1.0 : 1.0, 0.0}, i >= 5});
  for (const double weight : FitLogistic(observations, 1)) EXPECT_TRUE(std::isfinite(weight));
  EXPECT_TRUE(FitLogistic({}, 1).empty());
}

TEST(CalibrationErrorTest, IsTheMeanDistanceOfTheBins) {
  EXPECT_EQ(CalibrationError({}, 10), 0);
  EXPECT_DOUBLE_EQ(CalibrationError({{1, 1}, {0, 0}}, 10), 0);
  // Two at 0.95 of which one is true, two at 0.05 of which none is.
  EXPECT_NEAR(CalibrationError({{0.95, 1}, {0.95, 0}, {0.05, 0}, {0.05, 0}}, 10),
              0.5 * 0.45 + 0.5 * 0.05, 1e-12);
}

TEST(RankingQualityTest, CountsPairs) {
  EXPECT_EQ(RankingQuality({{0.9, 1}, {0.1, 0}}), 1);
  EXPECT_EQ(RankingQuality({{0.9, 0}, {0.1, 1}}), 0);
  EXPECT_EQ(RankingQuality({{0.5, 0}, {0.5, 1}}), 0.5);
  EXPECT_EQ(RankingQuality({{0.2, 0}, {0.4, 1}, {0.6, 0}, {0.8, 1}}), 0.75);
}

}  // namespace
}  // namespace rill
