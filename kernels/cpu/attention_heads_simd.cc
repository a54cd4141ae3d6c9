#include "kernels/cpu/attention_heads.h"
#include "kernels/cpu/rms_norm.h"
#include "kernels/cpu/vector_math.h"

namespace rill::kernels::RILL_SIMD {
namespace {

constexpr int kHeadVecs = kHeadDim / kLanes;

// One head of one frame, in registers.
struct Head {
  Vec v[kHeadVecs];
};

template <typename T>
RILL_INLINE Head LoadHead(const T* p) {
  Head x;
  for (int i = 0; i < kHeadVecs; ++i) x.v[i] = Load(p + i * kLanes);
  return x;
}

template <typename T>
RILL_INLINE void StoreHead(const Head& x, T* p) {
  for (int i = 0; i < kHeadVecs; ++i) Store(x.v[i], p + i * kLanes);
}

RILL_INLINE float Dot(const Head& a, const Head& b) {
  Vec sum{};
  for (int i = 0; i < kHeadVecs; ++i) sum += a.v[i] * b.v[i];
  return Sum(sum);
}

RILL_INLINE float InverseRms(float squares, int64_t width) {
  return 1.0f / __builtin_sqrtf(squares / width + kNormEpsilon);
}

// Where the head h of frame t of sequence b lies in the arrays.
struct Layout {
  AttentionShape shape;

  RILL_INLINE int64_t HeadRow(int64_t b, int64_t h, int64_t t) const {
    return (b * shape.heads + h) * shape.frames + t;
  }
  RILL_INLINE int64_t Part(int64_t b, int64_t t, int part, int64_t h) const {
    return (((b * shape.frames + t) * 4 + part) * shape.heads + h) * kHeadDim;
  }
};

enum Part { kQuery, kKey, kValue, kGate };

// out = phi(rms_norm(in) * scale)
template <typename T, bool kNormed>
RILL_INLINE void MapHead(const T* in, const float* scale, float* inv_rms, T* out) {
  Head x = LoadHead(in);
  if constexpr (kNormed) {
    const float inv = InverseRms(Dot(x, x), kHeadDim);
    if (inv_rms != nullptr) *inv_rms = inv;
    for (int i = 0; i < kHeadVecs; ++i) x.v[i] *= Load(scale + i * kLanes) * inv;
  }
  for (int i = 0; i < kHeadVecs; ++i) {
    x.v[i] = x.v[i] > Vec{} ? x.v[i] + 1.0f : Exp(x.v[i]);
  }
  StoreHead(x, out);
}

template <typename T, bool kNormed>
RILL_INLINE void MapHeadBackward(const T* d_out, const T* in, const float* scale, float inv,
                                 T* d_in, float* d_scale) {
  Head x = LoadHead(in), d = LoadHead(d_out);
  if constexpr (kNormed) {
    for (int i = 0; i < kHeadVecs; ++i) x.v[i] *= inv;
  }
  for (int i = 0; i < kHeadVecs; ++i) {
    Vec mapped = x.v[i];
    if constexpr (kNormed) mapped *= Load(scale + i * kLanes);
    d.v[i] = mapped > Vec{} ? d.v[i] : d.v[i] * Exp(mapped);
  }
  if constexpr (kNormed) {
    for (int i = 0; i < kHeadVecs; ++i) {
      float* sum = d_scale + i * kLanes;
      Store(Load(sum) + d.v[i] * x.v[i], sum);
      d.v[i] *= Load(scale + i * kLanes);
    }
    const float along = Dot(d, x) / kHeadDim;
    for (int i = 0; i < kHeadVecs; ++i) d.v[i] = (d.v[i] - x.v[i] * along) * inv;
  }
  StoreHead(d, d_in);
}

template <typename T, bool kNormed>
void SplitForward(const AttentionShape& shape, const T* qkvg, const float* q_scale,
                  const float* k_scale, T* q, T* k, T* v, float* inv_rms) {
  const Layout layout{shape};
  const int64_t rows = shape.batch * shape.heads * shape.frames;
  const auto inv_rms_at = [&](int64_t i) { return inv_rms != nullptr ? inv_rms + i : nullptr; };
  for (int64_t b = 0; b < shape.batch; ++b) {
    for (int64_t t = 0; t < shape.frames; ++t) {
      for (int64_t h = 0; h < shape.heads; ++h) {
        const int64_t row = layout.HeadRow(b, h, t), at = row * kHeadDim, s = h * kHeadDim;
        MapHead<T, kNormed>(qkvg + layout.Part(b, t, kQuery, h), q_scale + s, inv_rms_at(row),
                            q + at);
        MapHead<T, kNormed>(qkvg + layout.Part(b, t, kKey, h), k_scale + s, inv_rms_at(rows + row),
                            k + at);
        std::memcpy(v + at, qkvg + layout.Part(b, t, kValue, h), kHeadDim * sizeof(T));
      }
    }
  }
}

template <typename T, bool kNormed>
void SplitBackward(const AttentionShape& shape, const T* d_q, const T* d_k, const T* d_v,
                   const T* qkvg, const float* q_scale, const float* k_scale, const float* inv_rms,
                   T* d_qkvg, float* d_q_scale, float* d_k_scale) {
  const Layout layout{shape};
  const int64_t rows = shape.batch * shape.heads * shape.frames;
  for (int64_t b = 0; b < shape.batch; ++b) {
    for (int64_t t = 0; t < shape.frames; ++t) {
      for (int64_t h = 0; h < shape.heads; ++h) {
        const int64_t row = layout.HeadRow(b, h, t), at = row * kHeadDim, s = h * kHeadDim;
        const int64_t query = layout.Part(b, t, kQuery, h), key = layout.Part(b, t, kKey, h);
        MapHeadBackward<T, kNormed>(d_q + at, qkvg + query, q_scale + s,
                                    kNormed ? inv_rms[row] : 1.0f, d_qkvg + query, d_q_scale + s);
        MapHeadBackward<T, kNormed>(d_k + at, qkvg + key, k_scale + s,
                                    kNormed ? inv_rms[rows + row] : 1.0f, d_qkvg + key,
                                    d_k_scale + s);
        std::memcpy(d_qkvg + layout.Part(b, t, kValue, h), d_v + at, kHeadDim * sizeof(T));
      }
    }
  }
}

RILL_INLINE float InverseDenominator(float den) { return 1.0f / (den + kDenominatorEpsilon); }

}  // namespace

template <typename T>
void SplitHeadsForward(const AttentionShape& shape, const T* qkvg, const float* q_scale,
                       const float* k_scale, T* q, T* k, T* v, float* inv_rms) {
  if (q_scale != nullptr) {
    SplitForward<T, true>(shape, qkvg, q_scale, k_scale, q, k, v, inv_rms);
  } else {
    SplitForward<T, false>(shape, qkvg, q_scale, k_scale, q, k, v, inv_rms);
  }
}

template <typename T>
void SplitHeadsBackward(const AttentionShape& shape, const T* d_q, const T* d_k, const T* d_v,
                        const T* qkvg, const float* q_scale, const float* k_scale,
                        const float* inv_rms, T* d_qkvg, float* d_q_scale, float* d_k_scale) {
  if (q_scale != nullptr) {
    SplitBackward<T, true>(shape, d_q, d_k, d_v, qkvg, q_scale, k_scale, inv_rms, d_qkvg, d_q_scale,
                           d_k_scale);
  } else {
    SplitBackward<T, false>(shape, d_q, d_k, d_v, qkvg, q_scale, k_scale, inv_rms, d_qkvg,
                            d_q_scale, d_k_scale);
  }
}

// o below is num / (den + epsilon), n = o * inv_rms.
template <typename T>
void MergeHeadsForward(const AttentionShape& shape, const T* num, const float* den, const T* qkvg,
                       const float* weight, T* y, float* inv_rms) {
  const Layout layout{shape};
  const int64_t width = shape.heads * kHeadDim;
  for (int64_t b = 0; b < shape.batch; ++b) {
    for (int64_t t = 0; t < shape.frames; ++t) {
      float squares = 0.0f;
      for (int64_t h = 0; h < shape.heads; ++h) {
        const int64_t row = layout.HeadRow(b, h, t);
        const Head x = LoadHead(num + row * kHeadDim);
        const float r = InverseDenominator(den[row]);
        squares += Dot(x, x) * (r * r);
      }
      const int64_t frame = b * shape.frames + t;
      const float inv = InverseRms(squares, width);
      if (inv_rms != nullptr) inv_rms[frame] = inv;
      for (int64_t h = 0; h < shape.heads; ++h) {
        const int64_t row = layout.HeadRow(b, h, t);
        const float factor = InverseDenominator(den[row]) * inv;
        Head x = LoadHead(num + row * kHeadDim);
        const Head gate = LoadHead(qkvg + layout.Part(b, t, kGate, h));
        for (int i = 0; i < kHeadVecs; ++i) {
          const Vec w = Load(weight + h * kHeadDim + i * kLanes);
          x.v[i] *= (gate.v[i] * Sigmoid(gate.v[i])) * (w * factor);
        }
        StoreHead(x, y + frame * width + h * kHeadDim);
      }
    }
  }
}

template <typename T>
void MergeHeadsBackward(const AttentionShape& shape, const T* d_y, const T* num, const float* den,
                        const T* qkvg, const float* weight, const float* inv_rms, T* d_num,
                        float* d_den, T* d_qkvg, float* d_weight, float* through) {
  const Layout layout{shape};
  const int64_t width = shape.heads * kHeadDim;
  for (int64_t b = 0; b < shape.batch; ++b) {
    for (int64_t t = 0; t < shape.frames; ++t) {
      const int64_t frame = b * shape.frames + t;
      const float inv = inv_rms[frame];
      Vec dot{};
      for (int64_t h = 0; h < shape.heads; ++h) {
        const int64_t row = layout.HeadRow(b, h, t), gate_at = layout.Part(b, t, kGate, h);
        const float factor = InverseDenominator(den[row]) * inv;
        for (int i = 0; i < kHeadVecs; ++i) {
          const int64_t c = h * kHeadDim + i * kLanes;
          const Vec n = Load(num + row * kHeadDim + i * kLanes) * factor;
          const Vec gate = Load(qkvg + gate_at + i * kLanes), s = Sigmoid(gate);
          const Vec d = Load(d_y + frame * width + c), w = Load(weight + c);
          const Vec d_n = d * n;
          Store(d_n * w * SiluSlope(gate, s), d_qkvg + gate_at + i * kLanes);
          const Vec silu = gate * s;
          Store(Load(d_weight + c) + d_n * silu, d_weight + c);
          const Vec t_c = d * w * silu;
          Store(t_c, through + c);
          dot += t_c * n;
        }
      }
      const float along = Sum(dot) / width;
      for (int64_t h = 0; h < shape.heads; ++h) {
        const int64_t row = layout.HeadRow(b, h, t);
        const float r = InverseDenominator(den[row]);
        const Head x = LoadHead(num + row * kHeadDim);
        Head d = LoadHead(through + h * kHeadDim);
        for (int i = 0; i < kHeadVecs; ++i) {
          d.v[i] = (d.v[i] - x.v[i] * (r * inv * along)) * (inv * r);
        }
        d_den[row] = -r * Dot(d, x);
        StoreHead(d, d_num + row * kHeadDim);
      }
    }
  }
}

#define RILL_INSTANTIATE(T)                                                                        \
  template void SplitHeadsForward(const AttentionShape&, const T*, const float*, const float*, T*, \
                                  T*, T*, float*);                                                 \
  template void SplitHeadsBackward(const AttentionShape&, const T*, const T*, const T*, const T*,  \
                                   const float*, const float*, const float*, T*, float*, float*);  \
  template void MergeHeadsForward(const AttentionShape&, const T*, const float*, const T*,         \
                                  const float*, T*, float*);                                       \
  template void MergeHeadsBackward(const AttentionShape&, const T*, const T*, const float*,        \
                                   const T*, const float*, const float*, T*, float*, T*, float*,   \
                                   float*);
RILL_INSTANTIATE(float)
RILL_INSTANTIATE(BFloat16)
#undef RILL_INSTANTIATE

}  // namespace rill::kernels::RILL_SIMD
