#include "kernels/cpu/rms_norm_simd.h"

#include "kernels/cpu/vector_math.h"

namespace rill::kernels::RILL_SIMD {
namespace {

// In the functions of a block, pointers are those of the block's first row.

// h = x + scale * branch, stored. Returns the sum of its squares.
template <typename T>
RILL_INLINE Vec AddBranch(int64_t width, const T* x, const T* branch, float scale, T* h) {
  Vec squares{};
  ForEachVec(width, [&](int64_t c, auto lanes) {
    const Vec sum = Load(branch + c, lanes) * scale + Load(x + c, lanes);
    Store(sum, h + c, lanes);
    const Vec v = Round(sum, x);
    squares += v * v;
  });
  return squares;
}

template <typename T>
RILL_INLINE Vec SumSquares(int64_t width, const T* x) {
  Vec squares{};
  ForEachVec(width, [&](int64_t c, auto lanes) {
    const Vec v = Load(x + c, lanes);
    squares += v * v;
  });
  return squares;
}

template <int kRows, bool kSilu, typename T>
RILL_INLINE void ForwardBlock(int64_t width, const T* x, const T* branch, float scale,
                              const float* weight, T* h, T* y, float* inv_rms) {
  Vec squares[kRows];
  for (int r = 0; r < kRows; ++r) {
    const int64_t row = r * width;
    squares[r] = branch != nullptr ? AddBranch(width, x + row, branch + row, scale, h + row)
                                   : SumSquares(width, x + row);
  }
  float inv[kRows];
  for (int r = 0; r < kRows; ++r) {
    inv[r] = 1.0f / __builtin_sqrtf(Sum(squares[r]) / width + kNormEpsilon);
    if (inv_rms != nullptr) inv_rms[r] = inv[r];
  }
  const T* normed = branch != nullptr ? h : x;
  for (int r = 0; r < kRows; ++r) {
    const int64_t row = r * width;
    ForEachVec(width, [&](int64_t c, auto lanes) {
      Vec v = Load(normed + row + c, lanes) * inv[r] * Load(weight + c, lanes);
      if constexpr (kSilu) v *= Sigmoid(v);
      Store(v, y + row + c, lanes);
    });
  }
}

// `through` gets the gradients of the normalised rows, h / rms.
template <int kRows, bool kSilu, typename T>
RILL_INLINE void BackwardBlock(int64_t width, const T* d_y, const T* d_h, const T* h, float scale,
                               const float* weight, const float* inv_rms, T* d_x, T* d_branch,
                               float* d_weight, float* through) {
  Vec dots[kRows] = {};
  for (int r = 0; r < kRows; ++r) {
    const int64_t row = r * width;
    ForEachVec(width, [&](int64_t c, auto lanes) {
      const Vec w = Load(weight + c, lanes);
      const Vec normalized = Load(h + row + c, lanes) * inv_rms[r];
      Vec d = Load(d_y + row + c, lanes);
      if constexpr (kSilu) {
        const Vec scaled = normalized * w;
        d *= SiluSlope(scaled, Sigmoid(scaled));
      }
      Store(Load(d_weight + c, lanes) + d * normalized, d_weight + c, lanes);
      const Vec t = d * w;
      Store(t, through + row + c, lanes);
      dots[r] += t * normalized;
    });
  }
  float along[kRows];
  for (int r = 0; r < kRows; ++r) along[r] = inv_rms[r] * inv_rms[r] * Sum(dots[r]) / width;
  for (int r = 0; r < kRows; ++r) {
    ForEachVec(width, [&](int64_t c, auto lanes) {
      const int64_t at = r * width + c;
      Vec d = Load(through + at, lanes) * inv_rms[r] - Load(h + at, lanes) * along[r];
      if (d_h != nullptr) d += Load(d_h + at, lanes);
      Store(d, d_x + at, lanes);
      if (d_branch != nullptr) Store(d * scale, d_branch + at, lanes);
    });
  }
}

template <bool kSilu, typename T>
void Forward(const NormShape& shape, const T* x, const T* branch, float scale, const float* weight,
             T* h, T* y, float* inv_rms) {
  const auto block = [&](auto rows, int64_t first) {
    const int64_t at = first * shape.width;
    const bool has_branch = branch != nullptr;
    ForwardBlock<decltype(rows)::value, kSilu>(
        shape.width, x + at, has_branch ? branch + at : nullptr, scale, weight,
        has_branch ? h + at : nullptr, y + at, inv_rms != nullptr ? inv_rms + first : nullptr);
  };
  ForEachBlock<kNormBlock>(shape.rows, block);
}

template <bool kSilu, typename T>
void Backward(const NormShape& shape, const T* d_y, const T* d_h, const T* h, float scale,
              const float* weight, const float* inv_rms, T* d_x, T* d_branch, float* d_weight,
              float* through) {
  const auto block = [&](auto rows, int64_t first) {
    const int64_t at = first * shape.width;
    BackwardBlock<decltype(rows)::value, kSilu>(
        shape.width, d_y + at, d_h != nullptr ? d_h + at : nullptr, h + at, scale, weight,
        inv_rms + first, d_x + at, d_branch != nullptr ? d_branch + at : nullptr, d_weight,
        through);
  };
  ForEachBlock<kNormBlock>(shape.rows, block);
}

}  // namespace

template <typename T>
void RmsNormForward(const NormShape& shape, const T* x, const T* branch, float scale,
                    const float* weight, bool silu, T* h, T* y, float* inv_rms) {
  if (silu) {
    Forward<true>(shape, x, branch, scale, weight, h, y, inv_rms);
  } else {
    Forward<false>(shape, x, branch, scale, weight, h, y, inv_rms);
  }
}

template <typename T>
void RmsNormBackward(const NormShape& shape, const T* d_y, const T* d_h, const T* h, float scale,
                     const float* weight, bool silu, const float* inv_rms, T* d_x, T* d_branch,
                     float* d_weight, float* through) {
  if (silu) {
    Backward<true>(shape, d_y, d_h, h, scale, weight, inv_rms, d_x, d_branch, d_weight, through);
  } else {
    Backward<false>(shape, d_y, d_h, h, scale, weight, inv_rms, d_x, d_branch, d_weight, through);
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
