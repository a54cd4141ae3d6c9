// The definition of linear attention (kernels/cpu/linear_attention.h) in double, pair by pair, and
// its gradients, likewise. For tests: slow and obvious. Any thread.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "kernels/cpu/linear_attention.h"

namespace rill::kernels {

// One head of one sequence; empty log_decay, chunk_end and z0 mean what null pointers mean there.
struct ReferenceAttention {
  int frames;
  std::vector<double> q, k, v;
  std::vector<double> log_decay;
  std::vector<int32_t> chunk_end;
  std::vector<double> z0;

  std::vector<double> num, den;
  std::vector<double> d_num, d_den;
  std::vector<double> d_q, d_k, d_v, d_log_decay, d_z0;

  void Forward() {
    const std::vector<double> a = RunningDecay();
    num.assign(frames * kHeadDim, 0.0);
    den.assign(frames, 0.0);
    for (int i = 0; i < frames; ++i) {
      for (int j = 0; j < End(i); ++j) {
        const double score = std::exp(-std::abs(a[i] - a[j])) * Dot(q, i, k, j);
        for (int d = 0; d < kHeadDim; ++d) num[i * kHeadDim + d] += score * v[j * kHeadDim + d];
        den[i] += score;
      }
      if (!z0.empty()) den[i] += std::exp(a[i]) * Dot(q, i, z0, 0);
    }
  }

  void Backward() {
    const std::vector<double> a = RunningDecay();
    d_q.assign(frames * kHeadDim, 0.0);
    d_k = d_v = d_q;
    d_z0.assign(kHeadDim, 0.0);
    std::vector<double> d_a(frames, 0.0);
    for (int i = 0; i < frames; ++i) {
      for (int j = 0; j < End(i); ++j) {
        const double weight = std::exp(-std::abs(a[i] - a[j]));
        const double score = Dot(q, i, k, j);
        const double d_score = Dot(d_num, i, v, j) + d_den[i];
        for (int d = 0; d < kHeadDim; ++d) {
          d_q[i * kHeadDim + d] += weight * d_score * k[j * kHeadDim + d];
          d_k[j * kHeadDim + d] += weight * d_score * q[i * kHeadDim + d];
          d_v[j * kHeadDim + d] += weight * score * d_num[i * kHeadDim + d];
        }
        const double pair = weight * score * d_score * (j < i ? 1.0 : j > i ? -1.0 : 0.0);
        d_a[i] += pair;
        d_a[j] -= pair;
      }
      if (z0.empty()) continue;
      const double weight = std::exp(a[i]);
      for (int d = 0; d < kHeadDim; ++d) {
        d_q[i * kHeadDim + d] += weight * d_den[i] * z0[d];
        d_z0[d] += weight * d_den[i] * q[i * kHeadDim + d];
      }
      d_a[i] += weight * d_den[i] * Dot(q, i, z0, 0);
    }
    d_log_decay.assign(frames, 0.0);
    double sum = 0.0;
    for (int t = frames - 1; t >= 0; --t) d_log_decay[t] = sum += d_a[t];
  }

 private:
  int End(int i) const { return chunk_end.empty() ? i + 1 : chunk_end[i]; }

  std::vector<double> RunningDecay() const {
    std::vector<double> a(frames, 0.0);
    double sum = 0.0;
    for (int t = 0; t < frames && !log_decay.empty(); ++t) a[t] = sum += log_decay[t];
    return a;
  }

  static double Dot(const std::vector<double>& x, int i, const std::vector<double>& y, int j) {
    double sum = 0.0;
    for (int d = 0; d < kHeadDim; ++d) sum += x[i * kHeadDim + d] * y[j * kHeadDim + d];
    return sum;
  }
};

}  // namespace rill::kernels
