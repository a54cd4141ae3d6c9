#include "kernels/cpu/ctc_clip.h"
#include "kernels/cpu/vector_math.h"

namespace rill::kernels::RILL_SIMD {
namespace {

constexpr float kImpossible = -1e30f;  // a finite "minus infinity": sums of it make no NaN

// ln(1 + u) for u in [0, 1], to 4e-8: a least-squares fit at Chebyshev nodes.
RILL_INLINE Vec LogOnePlus(Vec u) {
  Vec p = u * -6.28204038e-3f + 3.54046337e-2f;
  p = p * u - 9.42231491e-2f;
  p = p * u + 1.66724503e-1f;
  p = p * u - 2.40303040e-1f;
  p = p * u + 3.31691682e-1f;
  p = p * u - 4.99861330e-1f;
  p = p * u + 9.99995887e-1f;
  return p * u;
}

RILL_INLINE Vec LogSumExp(Vec a, Vec b) {
  const Vec high = Max(a, b), low = Min(a, b);
  return high + LogOnePlus(Exp(low - high));
}

RILL_INLINE Vec LoadLogits(const float* p, AllLanes) { return Load(p); }
RILL_INLINE Vec LoadLogits(const float* p, FirstLanes lanes) {
  return LaneNumbers() < lanes.count ? Load(p, lanes) : Splat(kImpossible);
}

// exp(logits - max) goes to `out`, its factor to the softmax to `scale`. Returns the logarithm of
// the sum of exp(logits).
RILL_INLINE float Softmax(int64_t vocab, const float* logits, float* out, float* scale) {
  Vec highest = Splat(kImpossible), sum{};
  ForEachVec(vocab,
             [&](int64_t v, auto lanes) { highest = Max(highest, LoadLogits(logits + v, lanes)); });
  const float max = MaxLane(highest);
  ForEachVec(vocab, [&](int64_t v, auto lanes) {
    const Vec e = Exp(LoadLogits(logits + v, lanes) - max);
    sum += e;
    Store(e, out + v, lanes);
  });
  const float total = Sum(sum);
  *scale = 1.0f / total;
  return max + __builtin_logf(total);
}

// The states that lie on a complete path at a frame, rounded out to whole vectors, with one label
// more on the right than can be reached.
struct Band {
  int64_t begin, end;

  RILL_INLINE Band(int64_t t, const CtcClip& clip) {
    const int64_t low = clip.num_labels - (clip.frames - t);
    const int64_t high = (t + 1 < clip.num_labels ? t + 1 : clip.num_labels) + 1;
    begin = low > 0 ? low / kLanes * kLanes : 0;
    end = (high + kLanes - 1) / kLanes * kLanes;
  }
};

// Closes a row on both sides of the band, for the neighbours that read past it.
RILL_INLINE void Close(const Band& band, float* row) {
  Store(Splat(kImpossible), row + band.begin - kLanes);
  Store(Splat(kImpossible), row + band.end);
}

RILL_INLINE void Fill(float* row, const CtcScratch& scratch) {
  for (int64_t i = -kCtcPad; i < scratch.stride - kCtcPad; ++i) row[i] = kImpossible;
}

RILL_INLINE float EmitBlank(const CtcClip& clip, int64_t t, float logit, float normalizer) {
  return logit - normalizer + (clip.blank_bonus != nullptr ? clip.blank_bonus[t] : 0.0f);
}

RILL_INLINE void Emit(const Band& band, const CtcClip& clip, const float* logits, float normalizer,
                      float* emissions) {
  const int64_t end = band.end < clip.num_labels ? band.end : clip.num_labels;
  for (int64_t i = band.begin; i < end; ++i) emissions[i] = logits[clip.labels[i]] - normalizer;
}

// One frame of alpha from the one before: both as logarithms, less the sum of the shifts so far.
// Returns the highest value.
RILL_INLINE float AlphaFrame(const Band& band, const float* old_blanks, const float* old_labels,
                             float blank_emission, const float* emissions, const float* may_skip,
                             float shift, float* blanks, float* labels) {
  Vec highest = Splat(kImpossible);
  for (int64_t i = band.begin; i < band.end; i += kLanes) {
    const Vec old_blank = Load(old_blanks + i);
    const Vec arriving = LogSumExp(old_blank, Load(old_labels + i - 1));
    const Vec into_label = Load(may_skip + i) > 0.0f ? arriving : old_blank;
    const Vec blank = arriving + (blank_emission - shift);
    const Vec label = LogSumExp(Load(old_labels + i), into_label) + (Load(emissions + i) - shift);
    Store(blank, blanks + i);
    Store(label, labels + i);
    highest = Max(highest, Max(blank, label));
  }
  Close(band, blanks);
  Close(band, labels);
  return MaxLane(highest);
}

struct Occupation {
  Vec blanks{}, labels{};
};

// One frame of beta from the one after. `blanks` and `labels` hold beta plus emission of the frame
// after, and are replaced by those of this frame; `arrivals` is working memory. The occupation of
// the labels replaces `emissions`.
RILL_INLINE Occupation BetaFrame(const Band& band, const float* alpha_blanks,
                                 const float* alpha_labels, float offset, float blank_emission,
                                 const float* may_skip, float* shift, float* emissions,
                                 float* arrivals, float* blanks, float* labels) {
  for (int64_t i = band.begin; i < band.end; i += kLanes) {
    Store(LogSumExp(Load(blanks + i), Load(labels + i)), arrivals + i);
  }
  Store(Splat(kImpossible), arrivals + band.end);
  Occupation occupation;
  Vec highest = Splat(kImpossible);
  for (int64_t i = band.begin; i < band.end; i += kLanes) {
    const Vec skipping = Load(arrivals + i + 1), pausing = Load(blanks + i + 1);
    const Vec blank = Load(arrivals + i);
    const Vec label =
        LogSumExp(Load(labels + i), Load(may_skip + i + 1) > 0.0f ? skipping : pausing);
    const Vec on_blank = Exp(Load(alpha_blanks + i) + blank + offset);
    const Vec on_label = Exp(Load(alpha_labels + i) + label + offset);
    const Vec next_blank = blank + (blank_emission - *shift);
    const Vec next_label = label + (Load(emissions + i) - *shift);
    Store(on_label, emissions + i);
    Store(next_blank, blanks + i);
    Store(next_label, labels + i);
    occupation.blanks += on_blank;
    occupation.labels += on_label;
    highest = Max(highest, Max(next_blank, next_label));
  }
  Close(band, blanks);
  Close(band, labels);
  *shift = MaxLane(highest);
  return occupation;
}

// Turns a row of exp(logits - max) into the gradient.
RILL_INLINE void GradientRow(int64_t vocab, const Band& band, const CtcClip& clip,
                             float softmax_scale, const Occupation& occupation,
                             const float* on_labels, float* row) {
  ForEachVec(vocab, [&](int64_t v, auto lanes) {
    Store(Load(row + v, lanes) * (softmax_scale * clip.weight), row + v, lanes);
  });
  // The occupations of a frame sum to one but for rounding, which this takes out.
  const float scale = clip.weight / Sum(occupation.blanks + occupation.labels);
  row[0] -= Sum(occupation.blanks) * scale;
  const int64_t end = band.end < clip.num_labels ? band.end : clip.num_labels;
  for (int64_t i = band.begin; i < end; ++i) row[clip.labels[i]] -= on_labels[i] * scale;
}

}  // namespace

float CtcClipLoss(int64_t vocab, const float* logits, const CtcClip& clip,
                  const CtcScratch& scratch, float* d_logits) {
  const int64_t frames = clip.frames, num_labels = clip.num_labels, stride = scratch.stride;
  float* alpha = scratch.alpha + kCtcPad;
  float* blanks = scratch.blanks + kCtcPad;
  float* labels = scratch.labels + kCtcPad;
  float* arrivals = scratch.arrivals + kCtcPad;
  float* emissions = scratch.emissions + kCtcPad;
  float* may_skip = scratch.may_skip + kCtcPad;
  for (int64_t i = 0; i < stride - kCtcPad; ++i) {
    const bool inside = 0 < i && i < num_labels;
    may_skip[i] = inside && clip.labels[i] != clip.labels[i - 1] ? 1.0f : 0.0f;
  }

  // Before the first frame every path is at blank 0; after the last one at blank num_labels.
  Fill(alpha, scratch);
  Fill(alpha + stride, scratch);
  alpha[0] = 0.0f;
  Fill(emissions, scratch);
  scratch.shifts[0] = 0.0f;
  double shifted = 0.0;
  for (int64_t t = 0; t < frames; ++t) {
    const float* row = logits + t * vocab;
    const Band band(t, clip);
    scratch.normalizers[t] = Softmax(vocab, row, d_logits + t * vocab, scratch.softmax_scales + t);
    Emit(band, clip, row, scratch.normalizers[t], emissions);
    const float* before = alpha + 2 * t * stride;
    float* now = alpha + 2 * (t + 1) * stride;
    shifted += scratch.shifts[t];
    scratch.shifts[t + 1] = AlphaFrame(band, before, before + stride,
                                       EmitBlank(clip, t, row[0], scratch.normalizers[t]),
                                       emissions, may_skip, scratch.shifts[t], now, now + stride);
  }
  const float* last = alpha + 2 * frames * stride;
  const double at_blank = last[num_labels];
  const double at_label = num_labels > 0 ? last[stride + num_labels - 1] : kImpossible;
  const double higher = at_blank > at_label ? at_blank : at_label;
  const double log_likelihood =
      shifted + higher +
      __builtin_log(__builtin_exp(at_blank - higher) + __builtin_exp(at_label - higher));

  Fill(blanks, scratch);
  Fill(labels, scratch);
  blanks[num_labels] = 0.0f;
  float shift = 0.0f;
  double beta_shifted = 0.0;
  for (int64_t t = frames - 1; t >= 0; --t) {
    const float* row = logits + t * vocab;
    const Band band(t, clip);
    Fill(emissions, scratch);
    Emit(band, clip, row, scratch.normalizers[t], emissions);
    const float* now = alpha + 2 * (t + 1) * stride;
    const float offset = static_cast<float>(shifted + beta_shifted - log_likelihood);
    beta_shifted += shift;
    const Occupation occupation = BetaFrame(band, now, now + stride, offset,
                                            EmitBlank(clip, t, row[0], scratch.normalizers[t]),
                                            may_skip, &shift, emissions, arrivals, blanks, labels);
    shifted -= scratch.shifts[t];
    GradientRow(vocab, band, clip, scratch.softmax_scales[t], occupation, emissions,
                d_logits + t * vocab);
  }
  return static_cast<float>(-log_likelihood * clip.weight);
}

}  // namespace rill::kernels::RILL_SIMD
