// What the kernels' device code shares: four values at a time as float, whatever they are in
// memory; sums over a warp; the activations. For the .cu files of this folder.
#pragma once

#include <cuda_runtime.h>

#include <cstdint>

#include "kernels/bfloat16.h"

namespace rill::kernels::cuda {

inline constexpr int kWarp = 32;
inline constexpr unsigned kAllLanes = 0xFFFFFFFFu;
inline constexpr int kQuad = 4;
inline constexpr float kLeastLogDecay = -128.0f;  // e^-128 is 0 already; -inf would give NaN

// Memory is aligned to four values.
__device__ __forceinline__ float4 LoadQuad(const float* p) {
  return *reinterpret_cast<const float4*>(p);
}

__device__ __forceinline__ void StoreQuad(float* p, float4 v) { *reinterpret_cast<float4*>(p) = v; }

__device__ __forceinline__ float4 LoadQuad(const BFloat16* p) {
  const uint2 bits = *reinterpret_cast<const uint2*>(p);
  return make_float4(__uint_as_float(bits.x << 16), __uint_as_float(bits.x & 0xFFFF0000u),
                     __uint_as_float(bits.y << 16), __uint_as_float(bits.y & 0xFFFF0000u));
}

// In the lower half; to nearest, ties to even; a NaN stays a NaN.
__device__ __forceinline__ unsigned RoundToBFloat16(float x) {
  const unsigned bits = __float_as_uint(x);
  const unsigned rounded = (bits + 0x7FFFu + ((bits >> 16) & 1u)) >> 16;
  return x == x ? rounded : (bits >> 16) | 0x40u;
}

__device__ __forceinline__ void StoreQuad(BFloat16* p, float4 v) {
  *reinterpret_cast<uint2*>(p) = make_uint2(RoundToBFloat16(v.x) | RoundToBFloat16(v.y) << 16,
                                            RoundToBFloat16(v.z) | RoundToBFloat16(v.w) << 16);
}

__device__ __forceinline__ float LoadOne(const float* p) { return *p; }
__device__ __forceinline__ void StoreOne(float* p, float v) { *p = v; }
__device__ __forceinline__ float LoadOne(const BFloat16* p) {
  return __uint_as_float(static_cast<unsigned>(p->bits) << 16);
}
__device__ __forceinline__ void StoreOne(BFloat16* p, float v) {
  p->bits = static_cast<uint16_t>(RoundToBFloat16(v));
}

__device__ __forceinline__ float4 operator+(float4 a, float4 b) {
  return make_float4(a.x + b.x, a.y + b.y, a.z + b.z, a.w + b.w);
}
__device__ __forceinline__ float4 operator*(float4 a, float4 b) {
  return make_float4(a.x * b.x, a.y * b.y, a.z * b.z, a.w * b.w);
}
__device__ __forceinline__ float4 operator*(float4 a, float b) {
  return make_float4(a.x * b, a.y * b, a.z * b, a.w * b);
}

// a * b + c
__device__ __forceinline__ float4 Fma(float a, float4 b, float4 c) {
  return make_float4(fmaf(a, b.x, c.x), fmaf(a, b.y, c.y), fmaf(a, b.z, c.z), fmaf(a, b.w, c.w));
}
__device__ __forceinline__ float4 Fma(float4 a, float4 b, float4 c) {
  return make_float4(fmaf(a.x, b.x, c.x), fmaf(a.y, b.y, c.y), fmaf(a.z, b.z, c.z),
                     fmaf(a.w, b.w, c.w));
}
__device__ __forceinline__ float Dot(float4 a, float4 b) {
  return fmaf(a.w, b.w, fmaf(a.z, b.z, fmaf(a.y, b.y, a.x * b.x)));
}

// Over kLanes neighbouring lanes; every lane gets it. All lanes of the warp must call.
template <int kLanes = kWarp>
__device__ __forceinline__ float LaneSum(float x) {
#pragma unroll
  for (int apart = kLanes / 2; apart > 0; apart /= 2) x += __shfl_xor_sync(kAllLanes, x, apart);
  return x;
}

template <int kLanes = kWarp>
__device__ __forceinline__ float LaneMax(float x) {
#pragma unroll
  for (int apart = kLanes / 2; apart > 0; apart /= 2) {
    x = fmaxf(x, __shfl_xor_sync(kAllLanes, x, apart));
  }
  return x;
}

// Within a few units of the last place, where expf and / would take three times the instructions.
__device__ __forceinline__ float Sigmoid(float x) { return __fdividef(1.0f, 1.0f + __expf(-x)); }

// x * sigmoid(x)
__device__ __forceinline__ float Silu(float x) { return x * Sigmoid(x); }
__device__ __forceinline__ float4 Silu(float4 x) {
  return make_float4(Silu(x.x), Silu(x.y), Silu(x.z), Silu(x.w));
}

}  // namespace rill::kernels::cuda
