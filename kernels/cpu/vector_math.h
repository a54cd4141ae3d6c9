// One vector of floats of the instruction set that a *_simd.cc file is compiled for, with loads and
// stores of float and BFloat16, and the functions that the kernels need. Pure functions; any
// thread. For *_simd.cc only: everything lives in the namespace RILL_SIMD, so that the linker
// cannot mix the variants.
//
// Arithmetic is that of the compiler's vector type: +, -, *, /, comparisons and ?: work lane by
// lane, and a float operand of +, -, * and / is spread over the lanes. The relative error of Exp,
// Reciprocal and Sigmoid is below 3e-7. The polynomial is a least-squares fit at Chebyshev nodes
// after the usual range reduction (Muller, Elementary Functions, 2016, chapters 3 and 11).
#pragma once

#include <immintrin.h>

#include <cstdint>
#include <cstring>

#include "kernels/bfloat16.h"

#define RILL_INLINE inline __attribute__((always_inline))

namespace rill::kernels::RILL_SIMD {

#ifdef __AVX512F__
inline constexpr int kLanes = 16;
#else
inline constexpr int kLanes = 8;
#endif

typedef float Vec __attribute__((vector_size(kLanes * sizeof(float))));
typedef int32_t IntVec __attribute__((vector_size(kLanes * sizeof(int32_t))));
typedef uint32_t BitVec __attribute__((vector_size(kLanes * sizeof(uint32_t))));

// Which lanes a load or store touches: all, or the first `count` (a loaded rest is zero).
struct AllLanes {};
struct FirstLanes {
  int count;
};

RILL_INLINE Vec Splat(float x) { return Vec{} + x; }

// 0, 1, 2, ...
RILL_INLINE IntVec LaneNumbers() {
  IntVec numbers;
  for (int i = 0; i < kLanes; ++i) numbers[i] = i;
  return numbers;
}

RILL_INLINE Vec Load(const float* p, AllLanes = {}) {
  Vec v;
  std::memcpy(&v, p, sizeof v);
  return v;
}

RILL_INLINE void Store(Vec v, float* p, AllLanes = {}) { std::memcpy(p, &v, sizeof v); }

#ifdef __AVX512F__

RILL_INLINE __mmask16 Mask(FirstLanes lanes) { return (1u << lanes.count) - 1; }

RILL_INLINE Vec Load(const float* p, FirstLanes lanes) {
  return _mm512_maskz_loadu_ps(Mask(lanes), p);
}

RILL_INLINE void Store(Vec v, float* p, FirstLanes lanes) {
  _mm512_mask_storeu_ps(p, Mask(lanes), v);
}

RILL_INLINE Vec Widen(__m256i halves) {
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(halves), 16));
}

RILL_INLINE Vec Load(const BFloat16* p, AllLanes = {}) {
  return Widen(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)));
}

RILL_INLINE Vec Load(const BFloat16* p, FirstLanes lanes) {
  return Widen(_mm256_maskz_loadu_epi16(Mask(lanes), p));
}

#else

RILL_INLINE __m256i Mask(FirstLanes lanes) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(lanes.count),
                            _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

RILL_INLINE Vec Load(const float* p, FirstLanes lanes) {
  return _mm256_maskload_ps(p, Mask(lanes));
}

RILL_INLINE void Store(Vec v, float* p, FirstLanes lanes) {
  _mm256_maskstore_ps(p, Mask(lanes), v);
}

RILL_INLINE Vec Widen(__m128i halves) {
  return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(halves), 16));
}

RILL_INLINE Vec Load(const BFloat16* p, AllLanes = {}) {
  return Widen(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
}

RILL_INLINE Vec Load(const BFloat16* p, FirstLanes lanes) {
  BFloat16 all[kLanes] = {};
  for (int i = 0; i < lanes.count; ++i) all[i] = p[i];
  return Load(all);
}

#endif

// Rounds to BFloat16, to nearest, ties to even; a NaN stays a NaN. The result is in the upper
// halves. (The instruction used in the variant avx512bf16 also turns subnormals, below 1.2e-38,
// into zeros.)
RILL_INLINE BitVec RoundBits(Vec v) {
  const BitVec bits = reinterpret_cast<BitVec>(v);
  const BitVec rounded = bits + 0x7FFFu + ((bits >> 16) & 1u);
  return v == v ? rounded : (bits | 0x400000u);
}

// The value that Store leaves in memory.
RILL_INLINE Vec Round(Vec v, const float*) { return v; }

#ifdef __AVX512F__

RILL_INLINE __m256i Narrow(Vec v) {
#ifdef __AVX512BF16__
  return reinterpret_cast<__m256i>(_mm512_cvtneps_pbh(v));
#else
  return _mm512_cvtepi32_epi16(reinterpret_cast<__m512i>(RoundBits(v) >> 16));
#endif
}

RILL_INLINE Vec Round(Vec v, const BFloat16*) { return Widen(Narrow(v)); }

RILL_INLINE void Store(Vec v, BFloat16* p, AllLanes = {}) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), Narrow(v));
}

RILL_INLINE void Store(Vec v, BFloat16* p, FirstLanes lanes) {
  _mm256_mask_storeu_epi16(p, Mask(lanes), Narrow(v));
}

// To 8 bits: to nearest, ties to even, saturated.
RILL_INLINE __m128i NarrowToBytes(Vec v) {
  return _mm512_maskz_cvtsepi32_epi8(0xFFFF, _mm512_cvtps_epi32(v));
}

RILL_INLINE void Store(Vec v, int8_t* p, AllLanes = {}) {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(p), NarrowToBytes(v));
}

RILL_INLINE void Store(Vec v, int8_t* p, FirstLanes lanes) {
  _mm_mask_storeu_epi8(p, Mask(lanes), NarrowToBytes(v));
}

RILL_INLINE float Sum(Vec v) { return _mm512_reduce_add_ps(v); }
RILL_INLINE float MaxLane(Vec v) { return _mm512_reduce_max_ps(v); }

#else

RILL_INLINE Vec Round(Vec v, const BFloat16*) {
  return reinterpret_cast<Vec>(RoundBits(v) & 0xFFFF0000u);
}

RILL_INLINE void Store(Vec v, BFloat16* p, AllLanes = {}) {
  const __m256i words = reinterpret_cast<__m256i>(RoundBits(v) >> 16);
  const __m256i packed = _mm256_packus_epi32(words, words);
  _mm_storeu_si128(reinterpret_cast<__m128i*>(p),
                   _mm256_castsi256_si128(_mm256_permute4x64_epi64(packed, 0x08)));
}

RILL_INLINE void Store(Vec v, BFloat16* p, FirstLanes lanes) {
  BFloat16 all[kLanes];
  Store(v, all);
  for (int i = 0; i < lanes.count; ++i) p[i] = all[i];
}

// To 8 bits: to nearest, ties to even, saturated.
RILL_INLINE void Store(Vec v, int8_t* p, AllLanes = {}) {
  const __m256i words = _mm256_cvtps_epi32(v);
  const __m128i shorts =
      _mm_packs_epi32(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
  _mm_storel_epi64(reinterpret_cast<__m128i*>(p), _mm_packs_epi16(shorts, shorts));
}

RILL_INLINE void Store(Vec v, int8_t* p, FirstLanes lanes) {
  int8_t all[kLanes];
  Store(v, all);
  for (int i = 0; i < lanes.count; ++i) p[i] = all[i];
}

RILL_INLINE float Sum(Vec v) {
  __m128 half = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
  half = _mm_add_ps(half, _mm_movehl_ps(half, half));
  return _mm_cvtss_f32(_mm_add_ss(half, _mm_movehdup_ps(half)));
}

RILL_INLINE float MaxLane(Vec v) {
  __m128 half = _mm_max_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
  half = _mm_max_ps(half, _mm_movehl_ps(half, half));
  return _mm_cvtss_f32(_mm_max_ss(half, _mm_movehdup_ps(half)));
}

#endif

// a * b + c, rounded once whatever the compiler thinks of contraction.
RILL_INLINE Vec Fma(Vec a, Vec b, Vec c) {
#ifdef __AVX512F__
  return _mm512_fmadd_ps(a, b, c);
#else
  return _mm256_fmadd_ps(a, b, c);
#endif
}

// b if either is a NaN.
RILL_INLINE Vec Max(Vec a, Vec b) {
#ifdef __AVX512F__
  return _mm512_max_ps(a, b);
#else
  return _mm256_max_ps(a, b);
#endif
}
RILL_INLINE Vec Min(Vec a, Vec b) {
#ifdef __AVX512F__
  return _mm512_min_ps(a, b);
#else
  return _mm256_min_ps(a, b);
#endif
}
RILL_INLINE float Max(float a, float b) { return a > b ? a : b; }
RILL_INLINE float Min(float a, float b) { return a < b ? a : b; }

// The generic forms below serve Vec and, for loops that the compiler vectorises, float.
RILL_INLINE int32_t Bits(float x) { return __builtin_bit_cast(int32_t, x); }
RILL_INLINE IntVec Bits(Vec x) { return reinterpret_cast<IntVec>(x); }
RILL_INLINE float FromBits(int32_t x) { return __builtin_bit_cast(float, x); }
RILL_INLINE Vec FromBits(IntVec x) { return reinterpret_cast<Vec>(x); }

template <typename V>
RILL_INLINE V ExpOf(V x) {
  x = Max(V{} - 86.5f, x);  // the result stays a normal number
  x = Min(V{} + 88.0f, x);
  const float magic = 12582912.0f;  // 1.5 * 2^23: the sum's low bits are the nearest integer
  const V shifted = x * 1.44269504f + magic;
  const V r = x - (shifted - magic) * 0.693147181f;
  V p = r * 8.26139376e-3f + 4.18991931e-2f;
  p = p * r + 1.66681200e-1f;
  p = p * r + 4.99991387e-1f;
  p = p * r + 9.99999523e-1f;
  p = p * r + 1.0f;
  return FromBits(Bits(p) + (Bits(shifted) << 23));
}

// e^x; x below -86.5 counts as -86.5 (2.7e-38) and x above 88 as 88 (1.7e38).
RILL_INLINE Vec Exp(Vec x) { return ExpOf(x); }
RILL_INLINE float Exp(float x) { return ExpOf(x); }

// 1 / x; zero for x above 1e38.
RILL_INLINE Vec Reciprocal(Vec x) {
#ifdef __AVX512F__
  const Vec guess = _mm512_rcp14_ps(x);
  return Fma(guess, Fma(-x, guess, Splat(1.0f)), guess);
#else
  return 1.0f / x;
#endif
}

RILL_INLINE Vec Sigmoid(Vec x) { return Reciprocal(Exp(-x) + 1.0f); }
RILL_INLINE float Sigmoid(float x) { return 1.0f / (1.0f + Exp(-x)); }

// SiLU(x) = x * sigmoid(x) and its derivative, given s = sigmoid(x).
RILL_INLINE Vec SiluSlope(Vec x, Vec s) { return s * (x * (1.0f - s) + 1.0f); }

// Calls body(i, lanes) for i = 0, kLanes, ... over n elements; `lanes` is FirstLanes in the last
// call if n is no multiple of kLanes. To be given to Load and Store.
template <typename Body>
RILL_INLINE void ForEachVec(int64_t n, const Body& body) {
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) body(i, AllLanes{});
  if (i < n) body(i, FirstLanes{static_cast<int>(n - i)});
}

// Calls body(Count<kBlock>, i) for whole blocks of n elements, then body(Count<1>, i) for the rest.
template <int kCount>
struct Count {
  static constexpr int value = kCount;
};

template <int kBlock, typename Body>
RILL_INLINE void ForEachBlock(int64_t n, const Body& body) {
  int64_t i = 0;
  for (; i + kBlock <= n; i += kBlock) body(Count<kBlock>{}, i);
  for (; i < n; ++i) body(Count<1>{}, i);
}

}  // namespace rill::kernels::RILL_SIMD
