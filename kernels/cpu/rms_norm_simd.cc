#include "kernels/cpu/rms_norm.h"
#include "kernels/cpu/vector_math.h"

namespace rill::kernels::RILL_SIMD {
namespace {

// h = x + scale * branch, stored, and the sum of its squares.
template <typename T>
RILL_INLINE float AddBranch(int64_t width, const T* x, const T* branch, float scale, T* h) {
  Vec squares{};
  ForEachVec(width, [&](int64_t c, auto lanes) {
    const Vec v = Round(Load(branch + c, lanes) * scale + Load(x + c, lanes), x);
    Store(v, h + c, lanes);
    squares += v * v;
  });
  return Sum(squares);
}

template <typename T>
RILL_INLINE float SumOfSquares(int64_t width, const T* x) {
  Vec squares{};
  ForEachVec(width, [&](int64_t c, auto lanes) {
    const Vec v = Load(x + c, lanes);
    squares += v * v;
  });
  return Sum(squares);
}

template <typename T, bool kSilu>
RILL_INLINE void Normalize(int64_t width, const T* h, float inv, const float* weight, T* y) {
  ForEachVec(width, [&](int64_t c, auto lanes) {
    Vec v = Load(h + c, lanes) * inv * Load(weight + c, lanes);
    if constexpr (kSilu) v *= Sigmoid(v);
    Store(v, y + c, lanes);
  });
}

// Fills `through` with the gradient of the normalised row and adds to d_weight; returns the dot
// product of the normalised row and `through`.
template <typename T, bool kSilu>
RILL_INLINE float BackwardThroughWeight(int64_t width, const T* d_y, const T* h, float inv,
                                        const float* weight, float* through, float* d_weight) {
  Vec dot{};
  ForEachVec(width, [&](int64_t c, auto lanes) {
    const Vec normalized = Load(h + c, lanes) * inv;
    const Vec w = Load(weight + c, lanes);
    Vec d = Load(d_y + c, lanes);
    if constexpr (kSilu) {
      const Vec scaled = normalized * w;
      d *= SiluSlope(scaled, Sigmoid(scaled));
    }
    Store(Load(d_weight + c, lanes) + d * normalized, d_weight + c, lanes);
    const Vec t = d * w;
    Store(t, through + c, lanes);
    dot += t * normalized;
  });
  return Sum(dot);
}

template <typename T, bool kSilu>
void Forward(const NormShape& shape, const T* x, const T* branch, float scale, const float* weight,
             T* h, T* y, float* inv_rms) {
  const int64_t width = shape.width;
  for (int64_t row = 0; row < shape.rows; ++row) {
    const int64_t at = row * width;
    const float squares = branch != nullptr ? AddBranch(width, x + at, branch + at, scale, h + at)
                                            : SumOfSquares(width, x + at);
    const float inv = 1.0f / __builtin_sqrtf(squares / width + kNormEpsilon);
    if (inv_rms != nullptr) inv_rms[row] = inv;
    Normalize<T, kSilu>(width, (branch != nullptr ? h : x) + at, inv, weight, y + at);
  }
}

template <typename T, bool kSilu>
void Backward(const NormShape& shape, const T* d_y, const T* d_h, const T* h, float scale,
              const float* weight, const float* inv_rms, T* d_x, T* d_branch, float* d_weight,
              float* through) {
  const int64_t width = shape.width;
  for (int64_t row = 0; row < shape.rows; ++row) {
    const int64_t at = row * width;
    const float inv = inv_rms[row];
    const float dot =
        BackwardThroughWeight<T, kSilu>(width, d_y + at, h + at, inv, weight, through, d_weight);
    const float along = inv * inv * dot / width;
    ForEachVec(width, [&](int64_t c, auto lanes) {
      Vec d = Load(through + c, lanes) * inv - Load(h + at + c, lanes) * along;
      if (d_h != nullptr) d += Load(d_h + at + c, lanes);
      Store(d, d_x + at + c, lanes);
      if (d_branch != nullptr) Store(d * scale, d_branch + at + c, lanes);
    });
  }
}

}  // namespace

template <typename T>
void RmsNormForward(const NormShape& shape, const T* x, const T* branch, float scale,
                    const float* weight, bool silu, T* h, T* y, float* inv_rms) {
  if (silu) {
    Forward<T, true>(shape, x, branch, scale, weight, h, y, inv_rms);
  } else {
    Forward<T, false>(shape, x, branch, scale, weight, h, y, inv_rms);
  }
}

template <typename T>
void RmsNormBackward(const NormShape& shape, const T* d_y, const T* d_h, const T* h, float scale,
                     const float* weight, bool silu, const float* inv_rms, T* d_x, T* d_branch,
                     float* d_weight, float* through) {
  if (silu) {
    Backward<T, true>(shape, d_y, d_h, h, scale, weight, inv_rms, d_x, d_branch, d_weight, through);
  } else {
    Backward<T, false>(shape, d_y, d_h, h, scale, weight, inv_rms, d_x, d_branch, d_weight,
                       through);
  }
}

#define RILL_INSTANTIATE(T)                                                                     \
  template void RmsNormForward(const NormShape&, const T*, const T*, float, const float*, bool, \
                               T*, T*, float*);                                                 \
  template void RmsNormBackward(const NormShape&, const T*, const T*, const T*, float,          \
                                const float*, bool, const float*, T*, T*, float*, float*);
RILL_INSTANTIATE(float)
RILL_INSTANTIATE(BFloat16)
#undef RILL_INSTANTIATE

}  // namespace rill::kernels::RILL_SIMD
