// Sums of probabilities by their logarithms.
#pragma once

#include <cmath>
#include <utility>

namespace rill {

// ln(exp(a) + exp(b))
inline double LogAdd(double a, double b) {
  constexpr double kNoMatter = -40;  // beside 1
  if (a < b) std::swap(a, b);
  const double difference = b - a;
  return difference < kNoMatter ? a : a + std::log1p(std::exp(difference));
}

}  // namespace rill
