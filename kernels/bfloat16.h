// BFloat16: the upper half of a float, as stored in memory. Arithmetic is done in float.
// Layout-compatible with the bfloat16 of LibTorch, oneDNN and CUDA. Plain values; any thread.
#pragma once

#include <cstdint>
#include <cstring>

namespace rill::kernels {

struct BFloat16 {
  uint16_t bits;
};

inline float ToFloat(float x) { return x; }

inline float ToFloat(BFloat16 x) {
  const uint32_t wide = static_cast<uint32_t>(x.bits) << 16;
  float y;
  std::memcpy(&y, &wide, sizeof y);
  return y;
}

// FromFloat<T>: rounds to nearest, ties to even. A NaN stays a NaN.
template <typename T>
inline T FromFloat(float x);

template <>
inline float FromFloat<float>(float x) {
  return x;
}

template <>
inline BFloat16 FromFloat<BFloat16>(float x) {
  uint32_t wide;
  std::memcpy(&wide, &x, sizeof wide);
  const uint32_t rounded = (wide + 0x7FFFu + ((wide >> 16) & 1u)) >> 16;
  const bool is_nan = (wide & 0x7FFFFFFFu) > 0x7F800000u;
  return BFloat16{static_cast<uint16_t>(is_nan ? (wide >> 16) | 0x40u : rounded)};
}

}  // namespace rill::kernels
