#include "model/paper/scaling/exponent.h"

#include <gtest/gtest.h>

#include <cmath>

namespace rill::paper {
namespace {

TEST(ExponentTest, FindsTheExponentOfAPower) {
  for (const double p : {0.0, 1.0, 1.5, 2.0}) {
    std::vector<std::pair<double, double>> points;
    for (const double n : {512.0, 1024.0, 4096.0, 65536.0}) {
      points.emplace_back(n, 3e-7 * std::pow(n, p));
    }
    EXPECT_NEAR(FitExponent(points), p, 1e-9);
  }
}

TEST(ExponentTest, OnePointHasNone) {
  EXPECT_EQ(FitExponent({}), 0);
  EXPECT_EQ(FitExponent({{512, 3}}), 0);
  EXPECT_EQ(FitExponent({{512, 3}, {512, 4}}), 0);
}

}  // namespace
}  // namespace rill::paper
