#include "model/paper/scaling/exponent.h"

#include <cmath>

namespace rill::paper {

double FitExponent(const std::vector<std::pair<double, double>>& points) {
  const double count = static_cast<double>(points.size());
  double x = 0, y = 0, xx = 0, xy = 0;
  for (const auto& [n, cost] : points) {
    const double log_n = std::log(n), log_cost = std::log(cost);
    x += log_n;
    y += log_cost;
    xx += log_n * log_n;
    xy += log_n * log_cost;
  }
  const double spread = count * xx - x * x;
  return spread > 1e-9 ? (count * xy - x * y) / spread : 0;
}

}  // namespace rill::paper
