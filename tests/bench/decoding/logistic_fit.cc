#include "tests/bench/decoding/logistic_fit.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>

namespace rill {
namespace {

constexpr int kNewtonSteps = 50;
constexpr double kConverged = 1e-9;

// matrix * x = right, by elimination with pivots; symmetric and positive here.
std::vector<double> Solve(std::vector<std::vector<double>> matrix, std::vector<double> right) {
  const size_t n = right.size();
  for (size_t i = 0; i < n; ++i) {
    size_t pivot = i;
    for (size_t j = i + 1; j < n; ++j) {
      if (std::abs(matrix[j][i]) > std::abs(matrix[pivot][i])) pivot = j;
    }
    std::swap(matrix[i], matrix[pivot]);
    std::swap(right[i], right[pivot]);
    if (matrix[i][i] == 0) continue;
    for (size_t j = i + 1; j < n; ++j) {
      const double factor = matrix[j][i] / matrix[i][i];
      for (size_t k = i; k < n; ++k) matrix[j][k] -= factor * matrix[i][k];
      right[j] -= factor * right[i];
    }
  }
  std::vector<double> x(n);
  for (size_t i = n; i-- > 0;) {
    double sum = right[i];
    for (size_t k = i + 1; k < n; ++k) sum -= matrix[i][k] * x[k];
    x[i] = matrix[i][i] == 0 ? 0 : sum / matrix[i][i];
  }
  return x;
}

}  // namespace

std::vector<double> FitLogistic(const std::vector<Observation>& observations, double ridge) {
  if (observations.empty()) return {};
  const size_t n = observations.front().features.size() + 1;
  std::vector<double> weights(n);
  for (int step = 0; step < kNewtonSteps; ++step) {
    std::vector<double> gradient(n);
    std::vector<std::vector<double>> hessian(n, std::vector<double>(n));
    for (size_t i = 1; i < n; ++i) {
      gradient[i] = -ridge * weights[i];
      hessian[i][i] = ridge;
    }
    for (const Observation& observation : observations) {
      const auto feature = [&](size_t i) { return i == 0 ? 1 : observation.features[i - 1]; };
      double sum = 0;
      for (size_t i = 0; i < n; ++i) sum += weights[i] * feature(i);
      const double p = 1 / (1 + std::exp(-sum));
      const double spread = std::max(p * (1 - p), 1e-6);
      for (size_t i = 0; i < n; ++i) {
        gradient[i] += (observation.truth - p) * feature(i);
        for (size_t k = 0; k < n; ++k) hessian[i][k] += spread * feature(i) * feature(k);
      }
    }
    const std::vector<double> change = Solve(hessian, gradient);
    double largest = 0;
    for (size_t i = 0; i < n; ++i) {
      weights[i] += change[i];
      largest = std::max(largest, std::abs(change[i]));
    }
    if (largest < kConverged) break;
  }
  return weights;
}

std::vector<ReliabilityBin> Reliability(const std::vector<Prediction>& predictions, int bins) {
  std::vector<ReliabilityBin> result(bins);
  for (const Prediction& prediction : predictions) {
    const int at = std::clamp(static_cast<int>(prediction.probability * bins), 0, bins - 1);
    ++result[at].count;
    result[at].probability += prediction.probability;
    result[at].truth += prediction.truth;
  }
  for (ReliabilityBin& bin : result) {
    bin.probability /= std::max(bin.count, 1);
    bin.truth /= std::max(bin.count, 1);
  }
  return result;
}

double CalibrationError(const std::vector<Prediction>& predictions, int bins) {
  double error = 0;
  for (const ReliabilityBin& bin : Reliability(predictions, bins)) {
    error += bin.count * std::abs(bin.probability - bin.truth);
  }
  return predictions.empty() ? 0 : error / static_cast<double>(predictions.size());
}

double RankingQuality(std::vector<Prediction> predictions) {
  std::sort(predictions.begin(), predictions.end(),
            [](const Prediction& a, const Prediction& b) { return a.probability < b.probability; });
  double wrong_before = 0, won = 0, right = 0;
  for (size_t i = 0; i < predictions.size();) {
    size_t end = i;
    double rights = 0, wrongs = 0;
    for (; end < predictions.size() && predictions[end].probability == predictions[i].probability;
         ++end) {
      (predictions[end].truth > 0.5 ? rights : wrongs) += 1;
    }
    won += rights * (wrong_before + wrongs / 2);
    right += rights;
    wrong_before += wrongs;
    i = end;
  }
  return right == 0 || wrong_before == 0 ? 0.5 : won / (right * wrong_before);
}

}  // namespace rill
