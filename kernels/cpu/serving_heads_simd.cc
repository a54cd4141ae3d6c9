#include "kernels/cpu/rms_norm.h"
#include "kernels/cpu/serving_heads.h"
#include "kernels/cpu/vector_math.h"

namespace rill::kernels::RILL_SIMD {
namespace {

constexpr int kHeadVecs = kHeadDim / kLanes;

RILL_INLINE float InverseRms(float squares, int64_t width) {
  return 1.0f / __builtin_sqrtf(squares / width + kNormEpsilon);
}

// One head of one frame: x = phi(rms_norm(x) * scale).
RILL_INLINE void MapHead(const float* scale, float* x) {
  Vec v[kHeadVecs];
  Vec squares{};
  for (int i = 0; i < kHeadVecs; ++i) {
    v[i] = Load(x + i * kLanes);
    squares += v[i] * v[i];
  }
  if (scale != nullptr) {
    const float inv = InverseRms(Sum(squares), kHeadDim);
    for (int i = 0; i < kHeadVecs; ++i) v[i] *= Load(scale + i * kLanes) * inv;
  }
  for (int i = 0; i < kHeadVecs; ++i) {
    Store(v[i] > Vec{} ? v[i] + 1.0f : Exp(v[i]), x + i * kLanes);
  }
}

RILL_INLINE float LogSigmoid(float x) {
  const float tail = __builtin_log1pf(__builtin_expf(-__builtin_fabsf(x)));
  return x < 0.0f ? x - tail : -tail;
}

}  // namespace

void MapHeadsInPlace(int64_t frames, int64_t heads, int64_t frame_stride, const float* q_scale,
                     const float* k_scale, float* qkvg) {
  for (int64_t t = 0; t < frames; ++t) {
    float* query = qkvg + t * frame_stride;
    float* key = query + heads * kHeadDim;
    for (int64_t h = 0; h < heads; ++h) {
      const int64_t at = h * kHeadDim;
      MapHead(q_scale != nullptr ? q_scale + at : nullptr, query + at);
      MapHead(k_scale != nullptr ? k_scale + at : nullptr, key + at);
    }
  }
}

void LogDecay(int64_t frames, int64_t heads, int64_t width, const float* y, const float* weight,
              const float* bias, float min_forget, float* log_decay) {
  for (int64_t t = 0; t < frames; ++t) {
    for (int64_t h = 0; h < heads; ++h) {
      Vec sum{};
      ForEachVec(width, [&](int64_t c, auto lanes) {
        sum += Load(y + t * width + c, lanes) * Load(weight + h * width + c, lanes);
      });
      log_decay[t * heads + h] = LogSigmoid(Sum(sum) + bias[h]) - min_forget;
    }
  }
}

void MergeHeadsStep(int64_t frames, int64_t heads, const float* num, const float* den,
                    const float* gate, int64_t gate_stride, const float* weight, float* y) {
  const int64_t width = heads * kHeadDim;
  for (int64_t t = 0; t < frames; ++t) {
    Vec squares{};
    for (int64_t h = 0; h < heads; ++h) {
      const float inv_den = 1.0f / (den[t * heads + h] + kDenominatorEpsilon);
      const int64_t at = t * width + h * kHeadDim;
      for (int64_t c = at; c < at + kHeadDim; c += kLanes) {
        const Vec v = Load(num + c) * inv_den;
        squares += v * v;
        Store(v, y + c);
      }
    }
    if (weight == nullptr) continue;
    const float inv = InverseRms(Sum(squares), width);
    for (int64_t c = 0; c < width; c += kLanes) {
      const Vec g = Load(gate + t * gate_stride + c);
      Store(Load(y + t * width + c) * inv * Load(weight + c) * g * Sigmoid(g), y + t * width + c);
    }
  }
}

}  // namespace rill::kernels::RILL_SIMD
