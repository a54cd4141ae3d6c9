// What the kernels' tests share: random arrays, conversion between element types, and a comparison
// against a float64 reference. For tests only; any thread.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

#include "kernels/bfloat16.h"

namespace rill::kernels {

using Doubles = std::vector<double>;

// Values that T represents exactly, so that reference and kernel start from the same numbers.
template <typename T>
std::vector<T> RandomArray(int64_t n, std::mt19937& random, double deviation = 1.0) {
  std::normal_distribution<double> normal(0.0, deviation);
  std::vector<T> values(n);
  for (T& value : values) value = FromFloat<T>(static_cast<float>(normal(random)));
  return values;
}

template <typename T>
Doubles ToDoubles(const std::vector<T>& values) {
  Doubles result;
  result.reserve(values.size());
  for (const T& value : values) result.push_back(ToFloat(value));
  return result;
}

// One rounding of T, relative to the value, with room for the float arithmetic before it.
template <typename T>
inline constexpr double kRelative = 1e-5;
template <>
inline constexpr double kRelative<BFloat16> = 1.0 / 256 + 1e-4;

// Each element is within `relative` of the reference, where an element smaller than `floor` counts
// as that large: results are sums, and their error goes with the size of what was summed.
template <typename T>
void ExpectNear(const std::vector<T>& actual, const Doubles& expected, double floor = 0.1,
                double relative = kRelative<T>) {
  ASSERT_EQ(actual.size(), expected.size());
  for (size_t i = 0; i < expected.size(); ++i) {
    const double bound = relative * std::max(floor, std::abs(expected[i]));
    ASSERT_NEAR(ToFloat(actual[i]), expected[i], bound) << "element " << i;
  }
}

template <typename T>
std::vector<float> ToFloats(const std::vector<T>& values) {
  std::vector<float> result;
  for (const T& value : values) result.push_back(ToFloat(value));
  return result;
}

inline double Sigmoid(double x) { return 1.0 / (1.0 + std::exp(-x)); }
inline double Silu(double x) { return x * Sigmoid(x); }
inline double SiluSlope(double x) { return Sigmoid(x) * (1.0 + x * (1.0 - Sigmoid(x))); }

using ElementTypes = ::testing::Types<float, BFloat16>;

}  // namespace rill::kernels
