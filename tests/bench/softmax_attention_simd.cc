#include <oneapi/dnnl/dnnl.h>

#include "kernels/cpu/vector_math.h"
#include "tests/bench/softmax_attention.h"

namespace rill::kernels::RILL_SIMD {
namespace {

constexpr int64_t kDim = kHeadDim;
constexpr float kScale = 0.125f;  // 1 / sqrt(64)
constexpr float kNothing = -1e30f;

// c = beta c + alpha a b^T; a: [m, depth], b: [n, depth].
void TimesTransposed(int64_t m, int64_t n, int64_t depth, float alpha, const float* a,
                     int64_t a_row, const float* b, int64_t b_row, float beta, float* c,
                     int64_t c_row) {
  dnnl_sgemm('N', 'T', m, n, depth, alpha, a, a_row, b, b_row, beta, c, c_row);
}

// c = c * beta + weights v; weights: [m, n], v: [n, 64].
void Weigh(int64_t m, int64_t n, const float* weights, int64_t row, const float* v, float beta,
           float* c) {
  dnnl_sgemm('N', 'N', m, kDim, n, 1.0f, weights, row, v, kDim, beta, c, kDim);
}

// c = c * beta + weights^T x; weights: [m, n], x: [m, 64].
void WeighTransposed(int64_t m, int64_t n, const float* weights, int64_t row, const float* x,
                     float beta, float* c) {
  dnnl_sgemm('T', 'N', n, kDim, m, 1.0f, weights, row, x, kDim, beta, c, kDim);
}

// Of n scores the first `seen` count: row = exp(row - top), and 0 beyond. Returns the sum.
float Exponentials(int64_t seen, int64_t n, float top, float* row) {
  Vec sum = {};
  ForEachVec(seen, [&](int64_t j, auto lanes) {
    Store(Exp(Load(row + j, lanes) - top), row + j, lanes);
    sum += Load(row + j, lanes);
  });
  ForEachVec(n - seen, [&](int64_t j, auto lanes) { Store(Vec{}, row + seen + j, lanes); });
  return Sum(sum);
}

float Largest(int64_t n, const float* row) {
  Vec top = Splat(kNothing);
  int64_t j = 0;
  for (; j + kLanes <= n; j += kLanes) top = Max(top, Load(row + j));
  float largest = MaxLane(top);
  for (; j < n; ++j) largest = row[j] > largest ? row[j] : largest;
  return largest;
}

void ScaleRow(float by, int64_t n, float* row) {
  ForEachVec(n, [&](int64_t j, auto lanes) { Store(Load(row + j, lanes) * by, row + j, lanes); });
}

float Dot(const float* a, const float* b) {
  Vec sum = {};
  for (int64_t d = 0; d < kDim; d += kLanes) sum = Fma(Load(a + d), Load(b + d), sum);
  return Sum(sum);
}

// d_weights = scale * weights * (d_weights - dot)
void SoftmaxGradient(int64_t n, float dot, const float* weights, float* d_weights) {
  ForEachVec(n, [&](int64_t j, auto lanes) {
    const Vec slope = Load(weights + j, lanes) * (Load(d_weights + j, lanes) - dot);
    Store(slope * kScale, d_weights + j, lanes);
  });
}

int64_t Least(int64_t a, int64_t b) { return a < b ? a : b; }

}  // namespace

void NaiveSoftmax(const SoftmaxInputs& in, float* weights, float* out) {
  const int64_t n = in.frames;
  TimesTransposed(n, n, kDim, kScale, in.q, kDim, in.k, kDim, 0.0f, weights, n);
  for (int64_t i = 0; i < n; ++i) {
    float* row = weights + i * n;
    const float sum = Exponentials(i + 1, n, Largest(i + 1, row), row);
    ScaleRow(1.0f / sum, i + 1, row);
  }
  Weigh(n, n, weights, n, in.v, 0.0f, out);
}

void NaiveSoftmaxBackward(const SoftmaxInputs& in, const float* weights, float* scratch,
                          const SoftmaxGradients& grad) {
  const int64_t n = in.frames;
  WeighTransposed(n, n, weights, n, grad.d_out, 0.0f, grad.d_v);
  TimesTransposed(n, n, kDim, 1.0f, grad.d_out, kDim, in.v, kDim, 0.0f, scratch, n);
  for (int64_t i = 0; i < n; ++i) {
    Vec sum = {};
    ForEachVec(i + 1, [&](int64_t j, auto lanes) {
      sum += Load(weights + i * n + j, lanes) * Load(scratch + i * n + j, lanes);
    });
    SoftmaxGradient(n, Sum(sum), weights + i * n, scratch + i * n);
  }
  Weigh(n, n, scratch, n, in.k, 0.0f, grad.d_q);
  WeighTransposed(n, n, scratch, n, in.q, 0.0f, grad.d_k);
}

void BlockedSoftmax(const SoftmaxInputs& in, float* tile, float* out, float* log_sum) {
  for (int64_t i0 = 0; i0 < in.frames; i0 += kSoftmaxTile) {
    const int64_t m = Least(kSoftmaxTile, in.frames - i0);
    float top[kSoftmaxTile], sum[kSoftmaxTile];
    for (int64_t i = 0; i < m; ++i) {
      top[i] = kNothing;
      sum[i] = 0.0f;
    }
    for (int64_t j0 = 0; j0 <= i0; j0 += kSoftmaxTile) {
      const int64_t n = Least(kSoftmaxTile, in.frames - j0);
      TimesTransposed(m, n, kDim, kScale, in.q + i0 * kDim, kDim, in.k + j0 * kDim, kDim, 0.0f,
                      tile, kSoftmaxTile);
      for (int64_t i = 0; i < m; ++i) {
        float* row = tile + i * kSoftmaxTile;
        const int64_t seen = Least(n, i0 + i + 1 - j0);
        const float largest = Largest(seen, row);
        const float higher = largest > top[i] ? largest : top[i];
        const float keep = Exp(top[i] - higher);
        top[i] = higher;
        sum[i] = keep * sum[i] + Exponentials(seen, n, higher, row);
        if (j0 > 0 && keep != 1.0f) ScaleRow(keep, kDim, out + (i0 + i) * kDim);
      }
      Weigh(m, n, tile, kSoftmaxTile, in.v + j0 * kDim, j0 > 0 ? 1.0f : 0.0f, out + i0 * kDim);
    }
    for (int64_t i = 0; i < m; ++i) {
      ScaleRow(1.0f / sum[i], kDim, out + (i0 + i) * kDim);
      log_sum[i0 + i] = top[i] + __builtin_logf(sum[i]);
    }
  }
}

void BlockedSoftmaxBackward(const SoftmaxInputs& in, const float* out, const float* log_sum,
                            float* tiles, const SoftmaxGradients& grad) {
  float* weights = tiles;
  float* d_weights = tiles + kSoftmaxTile * kSoftmaxTile;
  for (int64_t j0 = 0; j0 < in.frames; j0 += kSoftmaxTile) {
    const int64_t n = Least(kSoftmaxTile, in.frames - j0);
    for (int64_t i0 = j0; i0 < in.frames; i0 += kSoftmaxTile) {
      const int64_t m = Least(kSoftmaxTile, in.frames - i0);
      TimesTransposed(m, n, kDim, kScale, in.q + i0 * kDim, kDim, in.k + j0 * kDim, kDim, 0.0f,
                      weights, kSoftmaxTile);
      TimesTransposed(m, n, kDim, 1.0f, grad.d_out + i0 * kDim, kDim, in.v + j0 * kDim, kDim, 0.0f,
                      d_weights, kSoftmaxTile);
      for (int64_t i = 0; i < m; ++i) {
        const int64_t seen = Least(n, i0 + i + 1 - j0);
        float* row = weights + i * kSoftmaxTile;
        Exponentials(seen, n, log_sum[i0 + i], row);
        const float dot = Dot(grad.d_out + (i0 + i) * kDim, out + (i0 + i) * kDim);
        SoftmaxGradient(n, dot, row, d_weights + i * kSoftmaxTile);
      }
      const float more = i0 > j0 ? 1.0f : 0.0f;
      WeighTransposed(m, n, weights, kSoftmaxTile, grad.d_out + i0 * kDim, more,
                      grad.d_v + j0 * kDim);
      WeighTransposed(m, n, d_weights, kSoftmaxTile, in.q + i0 * kDim, more, grad.d_k + j0 * kDim);
      Weigh(m, n, d_weights, kSoftmaxTile, in.k + j0 * kDim, j0 > 0 ? 1.0f : 0.0f,
            grad.d_q + i0 * kDim);
    }
  }
}

}  // namespace rill::kernels::RILL_SIMD
