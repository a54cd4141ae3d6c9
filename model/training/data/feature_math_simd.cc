#include <immintrin.h>

#include <cmath>
#include <cstdint>
#include <cstring>

#include "kernels/cpu/vector_math.h"

namespace rill::training::RILL_SIMD {
namespace {

using namespace kernels::RILL_SIMD;  // NOLINT: the vector vocabulary of the same instruction set

RILL_INLINE Vec LoadHalf(const uint16_t* p, AllLanes = {}) {
  Vec v;
  for (int lane = 0; lane < kLanes; lane += 8) {
    const __m256 part =
        _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p + lane)));
    std::memcpy(reinterpret_cast<float*>(&v) + lane, &part, sizeof part);
  }
  return v;
}

RILL_INLINE Vec LoadHalf(const uint16_t* p, FirstLanes lanes) {
  uint16_t all[kLanes] = {};
  for (int i = 0; i < lanes.count; ++i) all[i] = p[i];
  return LoadHalf(all);
}

RILL_INLINE void StoreHalf(Vec v, uint16_t* p, AllLanes = {}) {
  for (int lane = 0; lane < kLanes; lane += 8) {
    __m256 part;
    std::memcpy(&part, reinterpret_cast<const float*>(&v) + lane, sizeof part);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(p + lane),
                     _mm256_cvtps_ph(part, _MM_FROUND_TO_NEAREST_INT));
  }
}

RILL_INLINE void StoreHalf(Vec v, uint16_t* p, FirstLanes lanes) {
  uint16_t all[kLanes];
  StoreHalf(v, all);
  for (int i = 0; i < lanes.count; ++i) p[i] = all[i];
}

constexpr float kSilence = -60.0f;  // far below any feature

// ln(1 + u) of u in [0, 1]: 2 artanh(s) = 2 (s + s^3 / 3 + s^5 / 5 + ...) with s = u / (2 + u).
RILL_INLINE Vec LogOnePlus(Vec u) {
  const Vec s = u / (2.0f + u);
  const Vec s2 = s * s;
  Vec p = s2 * (1.0f / 15) + 1.0f / 13;
  p = p * s2 + 1.0f / 11;
  p = p * s2 + 1.0f / 9;
  p = p * s2 + 1.0f / 7;
  p = p * s2 + 1.0f / 5;
  p = p * s2 + 1.0f / 3;
  return 2.0f * (s + s * s2 * p);
}

// log(e^a + e^b).
RILL_INLINE Vec LogAdd(Vec a, Vec b) {
  const Vec high = Max(a, b);
  return high + LogOnePlus(Exp(Min(a, b) - high));
}

}  // namespace

void FloatToHalf(int64_t n, const float* x, uint16_t* y) {
  ForEachVec(n, [&](int64_t i, auto lanes) { StoreHalf(Load(x + i, lanes), y + i, lanes); });
}

void HalfToFloat(int64_t n, const uint16_t* x, float* y) {
  ForEachVec(n, [&](int64_t i, auto lanes) { Store(LoadHalf(x + i, lanes), y + i, lanes); });
}

double SumExp(int64_t n, const float* x) {
  double sum = 0;
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) sum += Sum(Exp(Load(x + i)));
  for (; i < n; ++i) sum += Exp(x[i]);
  return sum;
}

void AddLogEnergy(int64_t n, const uint16_t* noise, float offset, float* x) {
  ForEachVec(n, [&](int64_t i, auto lanes) {
    Store(LogAdd(Load(x + i, lanes), LoadHalf(noise + i, lanes) + offset), x + i, lanes);
  });
}

void AddReverberation(int64_t frames, int64_t bins, float decay, float level, float* x) {
  const float log_decay = std::log(decay), log_level = std::log(level);
  ForEachVec(bins, [&](int64_t i, auto lanes) {
    Vec tail = Vec{} + kSilence;
    for (float* at = x + i; at < x + frames * bins; at += bins) {
      const Vec direct = Load(at, lanes);
      Store(LogAdd(direct, tail + log_level), at, lanes);
      tail = LogAdd(tail, direct) + log_decay;
    }
  });
}

void Normalise(int64_t frames, int64_t bins, const float* mean, const float* inv_std, float* x) {
  for (int64_t frame = 0; frame < frames; ++frame, x += bins) {
    ForEachVec(bins, [&](int64_t i, auto lanes) {
      Store((Load(x + i, lanes) - Load(mean + i, lanes)) * Load(inv_std + i, lanes), x + i, lanes);
    });
  }
}

}  // namespace rill::training::RILL_SIMD
