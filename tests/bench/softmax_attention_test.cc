// The rival in attention_bench.cc must be right before it is timed.
#include "tests/bench/softmax_attention.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

namespace rill::kernels {
namespace {

class SoftmaxAttentionTest : public ::testing::TestWithParam<int> {};

TEST_P(SoftmaxAttentionTest, BothMatchDouble) {
  const int n = GetParam();
  const int64_t size = n * kHeadDim;
  std::mt19937 random(n);
  std::normal_distribution<float> normal;
  std::vector<float> q(size), k(size), v(size), d_out(size);
  for (auto* x : {&q, &k, &v, &d_out}) {
    for (float& y : *x) y = normal(random);
  }
  const auto dot = [](const std::vector<float>& a, int i, const std::vector<float>& b, int j) {
    double sum = 0.0;
    for (int d = 0; d < kHeadDim; ++d) sum += double{a[i * kHeadDim + d]} * b[j * kHeadDim + d];
    return sum;
  };
  std::vector<double> out(size), d_q(size), d_k(size), d_v(size);
  for (int i = 0; i < n; ++i) {
    std::vector<double> weights(i + 1);
    double total = 0.0, mean = 0.0;
    for (int j = 0; j <= i; ++j) total += weights[j] = std::exp(0.125 * dot(q, i, k, j));
    for (int j = 0; j <= i; ++j) mean += (weights[j] /= total) * dot(d_out, i, v, j);
    for (int j = 0; j <= i; ++j) {
      const double slope = 0.125 * weights[j] * (dot(d_out, i, v, j) - mean);
      for (int d = 0; d < kHeadDim; ++d) {
        const int at_i = i * kHeadDim + d, at_j = j * kHeadDim + d;
        out[at_i] += weights[j] * v[at_j];
        d_v[at_j] += weights[j] * d_out[at_i];
        d_q[at_i] += slope * k[at_j];
        d_k[at_j] += slope * q[at_i];
      }
    }
  }

  const SoftmaxInputs in{n, q.data(), k.data(), v.data()};
  for (bool blocked : {false, true}) {
    SCOPED_TRACE(blocked ? "blocked" : "naive");
    std::vector<float> got(size), got_q(size), got_k(size), got_v(size);
    const SoftmaxGradients grad{d_out.data(), got_q.data(), got_k.data(), got_v.data()};
    if (blocked) {
      std::vector<float> log_sum(n), tiles(2 * kSoftmaxTile * kSoftmaxTile);
      RILL_SIMD_CALL(BlockedSoftmax, in, tiles.data(), got.data(), log_sum.data());
      RILL_SIMD_CALL(BlockedSoftmaxBackward, in, got.data(), log_sum.data(), tiles.data(), grad);
    } else {
      std::vector<float> weights(n * n), scratch(n * n);
      RILL_SIMD_CALL(NaiveSoftmax, in, weights.data(), got.data());
      RILL_SIMD_CALL(NaiveSoftmaxBackward, in, weights.data(), scratch.data(), grad);
    }
    for (int64_t i = 0; i < size; ++i) {
      ASSERT_NEAR(got[i], out[i], 2e-5) << i;
      ASSERT_NEAR(got_q[i], d_q[i], 2e-5) << i;
      ASSERT_NEAR(got_k[i], d_k[i], 2e-5) << i;
      ASSERT_NEAR(got_v[i], d_v[i], 2e-5) << i;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Frames, SoftmaxAttentionTest, ::testing::Values(1, 17, 256, 300, 520));

}  // namespace
}  // namespace rill::kernels
