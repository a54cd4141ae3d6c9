// The exponent p of a cost that grows as n^p. Pure functions; any thread.
#pragma once

#include <utility>
#include <vector>

namespace rill::paper {

// Least squares of log(cost) over log(n). points: (n, cost), both positive, two at least with
// different n; else 0.
double FitExponent(const std::vector<std::pair<double, double>>& points);

}  // namespace rill::paper
