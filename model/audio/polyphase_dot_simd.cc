#include "model/audio/polyphase_dot.h"

namespace rill::RILL_SIMD {
namespace {

// A quarter of the lanes: what AVX2 has a register for. Four sums, so that an addition need not
// wait for the one before.
constexpr int kWidth = 8;
static_assert(kDotLanes == 4 * kWidth);
typedef float Vec __attribute__((vector_size(4 * kWidth), may_alias));
typedef float AnyVec __attribute__((vector_size(4 * kWidth), aligned(4), may_alias));

static inline float Sum(Vec a, Vec b, Vec c, Vec d) {
  const Vec v = (a + b) + (c + d);
  return ((v[0] + v[4]) + (v[1] + v[5])) + ((v[2] + v[6]) + (v[3] + v[7]));
}

}  // namespace

float PolyphaseDot(const float* input, const DotLanes* row, int lanes) {
  const AnyVec* x = reinterpret_cast<const AnyVec*>(input);
  const Vec* y = reinterpret_cast<const Vec*>(row);
  Vec a = {}, b = {}, c = {}, d = {};
  for (int i = 0; i < lanes; ++i, x += 4, y += 4) {
    a += x[0] * y[0];
    b += x[1] * y[1];
    c += x[2] * y[2];
    d += x[3] * y[3];
  }
  return Sum(a, b, c, d);
}

// Vector i of the row in between.
static inline Vec Between(const Vec* rows, int stride, const float* weights, int i) {
  return (weights[0] * rows[i] + weights[1] * rows[i + stride]) +
         (weights[2] * rows[i + 2 * stride] + weights[3] * rows[i + 3 * stride]);
}

float InterpolatedDot(const float* input, const DotLanes* rows, int stride, const float* weights,
                      int lanes) {
  const AnyVec* x = reinterpret_cast<const AnyVec*>(input);
  const Vec* y = reinterpret_cast<const Vec*>(rows);
  stride *= 4;
  Vec a = {}, b = {}, c = {}, d = {};
  for (int i = 0; i < lanes; ++i, x += 4, y += 4) {
    a += x[0] * Between(y, stride, weights, 0);
    b += x[1] * Between(y, stride, weights, 1);
    c += x[2] * Between(y, stride, weights, 2);
    d += x[3] * Between(y, stride, weights, 3);
  }
  return Sum(a, b, c, d);
}

}  // namespace rill::RILL_SIMD
