#include "kernels/cpu/glu_conv.h"
#include "kernels/cpu/vector_math.h"

namespace rill::kernels::RILL_SIMD {
namespace {

// A tile of channels and frames is kept in the first-level cache in float.
constexpr int64_t kTileChannels = 64;
constexpr int64_t kTileFrames = 32;
constexpr int64_t kWindowRows = kMaxConvKernel - 1 + kTileFrames;
// Frames whose sums are kept in registers at once.
constexpr int kBlock = kLanes == 16 ? 8 : 4;

// w of the tile's channels as [kernel, kTileChannels], zero beyond the last channel.
RILL_INLINE void LoadTaps(int64_t channels, int64_t kernel, const float* w, float* taps) {
  for (int64_t j = 0; j < kernel; ++j) {
    float* row = taps + j * kTileChannels;
    for (int64_t c = 0; c < channels; ++c) row[c] = w[c * kernel + j];
    for (int64_t c = channels; c < kTileChannels; ++c) row[c] = 0.0f;
  }
}

RILL_INLINE void CopyRows(int64_t rows, const float* from, float* to) {
  std::memmove(to, from, rows * kTileChannels * sizeof(float));
}

// One row of gates. `g` may be null; `rounded` gets what the convolution shall see.
template <typename T>
RILL_INLINE void GateRow(int64_t channels, const T* x, int64_t width, T* g, float* rounded) {
  ForEachVec(channels, [&](int64_t c, auto lanes) {
    const Vec v = Load(x + c, lanes) * Sigmoid(Load(x + width + c, lanes));
    if (g != nullptr) Store(v, g + c, lanes);
    Store(Round(v, x), rounded + c);
  });
}

// kRows outputs of one vector of channels, from the window row `in` on. Each output is summed in
// the order of the taps, so its bits do not depend on the blocking.
template <int kRows, typename T, typename Lanes>
RILL_INLINE void ConvolveBlock(int64_t kernel, const float* in, const float* taps,
                               int64_t tap_stride, T* y, int64_t stride, Lanes lanes) {
  Vec sum[kRows] = {};
  for (int64_t j = 0; j < kernel; ++j) {
    const Vec w = Load(taps + j * tap_stride, lanes);
    for (int i = 0; i < kRows; ++i) {
      sum[i] = Fma(w, Load(in + (i + j) * kTileChannels), sum[i]);
    }
  }
  for (int i = 0; i < kRows; ++i) Store(sum[i], y + i * stride, lanes);
}

template <typename T>
RILL_INLINE void Convolve(int64_t frames, int64_t channels, int64_t kernel, const float* window,
                          const float* taps, int64_t tap_stride, T* y, int64_t stride) {
  ForEachVec(channels, [&](int64_t c, auto lanes) {
    int64_t t = 0;
    for (; t + kBlock <= frames; t += kBlock) {
      ConvolveBlock<kBlock>(kernel, window + t * kTileChannels + c, taps + c, tap_stride,
                            y + t * stride + c, stride, lanes);
    }
    for (; t < frames; ++t) {
      ConvolveBlock<1>(kernel, window + t * kTileChannels + c, taps + c, tap_stride,
                       y + t * stride + c, stride, lanes);
    }
  });
}

// Gates and convolves one tile of channels over `frames` frames. The first kernel - 1 rows of
// `window` are those of g before the first frame; afterwards they are the last of g.
template <typename T>
RILL_INLINE void ForwardTile(int64_t frames, int64_t width, int64_t channels, int64_t kernel,
                             const T* x, const float* taps, int64_t tap_stride, float* window, T* g,
                             T* y) {
  for (int64_t t = 0; t < frames; t += kTileFrames) {
    const int64_t count = frames - t < kTileFrames ? frames - t : kTileFrames;
    for (int64_t i = 0; i < count; ++i) {
      GateRow(channels, x + (t + i) * 2 * width, width,
              g == nullptr ? nullptr : g + (t + i) * width,
              window + (kernel - 1 + i) * kTileChannels);
    }
    Convolve(count, channels, kernel, window, taps, tap_stride, y + t * width, width);
    CopyRows(kernel - 1, window + count * kTileChannels, window);
  }
}

// d_g of kRows frames of one vector of channels, and their part of d_w. `in` is the window of d_y
// from the first of the frames on: frame i contributes to the outputs i .. i + kernel - 1.
template <int kRows, typename T, typename Lanes>
RILL_INLINE void BackwardBlock(int64_t kernel, const float* in, const float* taps, const T* x,
                               const T* g, int64_t width, T* d_x, float* d_taps, Lanes lanes) {
  Vec gated[kRows], d_g[kRows] = {};
  for (int i = 0; i < kRows; ++i) gated[i] = Load(g + i * width, lanes);
  for (int64_t j = 0; j < kernel; ++j) {
    const Vec w = Load(taps + j * kTileChannels);
    Vec even = Load(d_taps + j * kTileChannels), odd{};
    for (int i = 0; i < kRows; ++i) {
      const Vec d_y = Load(in + (i + kernel - 1 - j) * kTileChannels);
      d_g[i] = Fma(w, d_y, d_g[i]);
      Vec& sum = i % 2 == 0 ? even : odd;
      sum = Fma(gated[i], d_y, sum);
    }
    Store(even + odd, d_taps + j * kTileChannels);
  }
  for (int i = 0; i < kRows; ++i) {
    const T* linear = x + i * 2 * width;
    const Vec s = Sigmoid(Load(linear + width, lanes));
    const Vec d_linear = d_g[i] * s;
    Store(d_linear, d_x + i * 2 * width, lanes);
    Store(d_linear * Load(linear, lanes) * (1.0f - s), d_x + i * 2 * width + width, lanes);
  }
}

// The rows of d_y from `first` on, zero beyond the sequence's end.
template <typename T>
RILL_INLINE void LoadRows(int64_t first, int64_t rows, int64_t frames, int64_t width,
                          int64_t channels, const T* d_y, float* to) {
  for (int64_t i = 0; i < rows; ++i) {
    float* row = to + i * kTileChannels;
    if (first + i < frames) {
      ForEachVec(channels, [&](int64_t c, auto lanes) {
        Store(Load(d_y + (first + i) * width + c, lanes), row + c);
      });
    } else {
      std::memset(row, 0, kTileChannels * sizeof(float));
    }
  }
}

template <typename T>
RILL_INLINE void BackwardTile(int64_t frames, int64_t width, int64_t channels, int64_t kernel,
                              const T* d_y, const T* x, const T* g, const float* taps, T* d_x,
                              float* d_taps, float* window) {
  LoadRows(0, kernel - 1, frames, width, channels, d_y, window);
  for (int64_t first = 0; first < frames; first += kTileFrames) {
    const int64_t count = frames - first < kTileFrames ? frames - first : kTileFrames;
    LoadRows(first + kernel - 1, count, frames, width, channels, d_y,
             window + (kernel - 1) * kTileChannels);
    ForEachVec(channels, [&](int64_t c, auto lanes) {
      int64_t t = 0;
      for (; t + kBlock <= count; t += kBlock) {
        BackwardBlock<kBlock>(kernel, window + t * kTileChannels + c, taps + c,
                              x + (first + t) * 2 * width + c, g + (first + t) * width + c, width,
                              d_x + (first + t) * 2 * width + c, d_taps + c, lanes);
      }
      for (; t < count; ++t) {
        BackwardBlock<1>(kernel, window + t * kTileChannels + c, taps + c,
                         x + (first + t) * 2 * width + c, g + (first + t) * width + c, width,
                         d_x + (first + t) * 2 * width + c, d_taps + c, lanes);
      }
    });
    CopyRows(kernel - 1, window + count * kTileChannels, window);
  }
}

RILL_INLINE int64_t TileWidth(int64_t width, int64_t first) {
  return width - first < kTileChannels ? width - first : kTileChannels;
}

}  // namespace

template <typename T>
void GluConvForward(const ConvShape& shape, const T* x, const float* w, T* g, T* y) {
  alignas(64) float taps[kMaxConvKernel * kTileChannels], window[kWindowRows * kTileChannels];
  const int64_t frames = shape.frames, width = shape.width, kernel = shape.kernel;
  for (int64_t c = 0; c < width; c += kTileChannels) {
    const int64_t channels = TileWidth(width, c);
    LoadTaps(channels, kernel, w + c * kernel, taps);
    for (int64_t b = 0; b < shape.batch; ++b) {
      const int64_t at = b * frames * width;
      std::memset(window, 0, (kernel - 1) * kTileChannels * sizeof(float));
      ForwardTile(frames, width, channels, kernel, x + 2 * at + c, taps, kTileChannels, window,
                  g + at + c, y + at + c);
    }
  }
}

template <typename T>
void GluConvBackward(const ConvShape& shape, const T* d_y, const T* x, const T* g, const float* w,
                     T* d_x, float* d_w) {
  alignas(64) float taps[kMaxConvKernel * kTileChannels], d_taps[kMaxConvKernel * kTileChannels];
  alignas(64) float window[kWindowRows * kTileChannels];
  const int64_t frames = shape.frames, width = shape.width, kernel = shape.kernel;
  for (int64_t c = 0; c < width; c += kTileChannels) {
    const int64_t channels = TileWidth(width, c);
    LoadTaps(channels, kernel, w + c * kernel, taps);
    std::memset(d_taps, 0, kernel * kTileChannels * sizeof(float));
    for (int64_t b = 0; b < shape.batch; ++b) {
      const int64_t at = b * frames * width;
      BackwardTile(frames, width, channels, kernel, d_y + at + c, x + 2 * at + c, g + at + c, taps,
                   d_x + 2 * at + c, d_taps, window);
    }
    for (int64_t i = 0; i < channels; ++i) {
      for (int64_t j = 0; j < kernel; ++j) {
        d_w[(c + i) * kernel + j] += d_taps[j * kTileChannels + i];
      }
    }
  }
}

void GluConvStep(int64_t frames, int64_t width, int64_t kernel, const float* x, const float* taps,
                 float* tail, float* y) {
  alignas(64) float window[kWindowRows * kTileChannels];
  for (int64_t c = 0; c < width; c += kTileChannels) {
    const int64_t channels = TileWidth(width, c);
    LoadRows(0, kernel - 1, kernel - 1, width, channels, tail + c, window);
    ForwardTile<float>(frames, width, channels, kernel, x + c, taps + c, width, window, nullptr,
                       y + c);
    for (int64_t i = 0; i < kernel - 1; ++i) {
      const float* row = window + i * kTileChannels;
      ForEachVec(channels, [&](int64_t k, auto lanes) {
        Store(Load(row + k), tail + i * width + c + k, lanes);
      });
    }
  }
}

#define RILL_INSTANTIATE(T)                                                                       \
  template void GluConvForward(const ConvShape&, const T*, const float*, T*, T*);                 \
  template void GluConvBackward(const ConvShape&, const T*, const T*, const T*, const float*, T*, \
                                float*);
RILL_INSTANTIATE(float)
RILL_INSTANTIATE(BFloat16)
#undef RILL_INSTANTIATE

}  // namespace rill::kernels::RILL_SIMD
