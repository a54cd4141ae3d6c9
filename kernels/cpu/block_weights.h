// The decay and visibility of one block of linear attention: weight(i, j) = exp(-|a_i - a_j|) where
// frame i sees frame j, else 0, with a the running sum of log_decay from the block's start. For
// *_simd.cc only; any thread.
//
// Few exponentials are taken: for frames in different groups of 16 the weight is a product of two
// vectors anchored at the start of the later group, both at most 1, so nothing overflows. The
// running sum is kept as a pair of floats, whose differences are right to float precision however
// far the sum has run.
#pragma once

#include <cstdint>

#include "kernels/cpu/linear_attention_simd.h"
#include "kernels/cpu/vector_math.h"

namespace rill::kernels::RILL_SIMD {

struct alignas(64) BlockWeights {
  static constexpr int kGroup = 16;

  bool decays;
  int frames;
  float total;                        // exp(a_last): what is left of the state after the block
  float from_start[kBlockFrames];     // exp(a_i): the state before the block, as frame i sees it
  float to_end[kBlockFrames];         // exp(a_last - a_i): frame i, as seen behind the block
  int32_t visible[kBlockFrames];      // frame i sees the frames before this one
  int32_t first_query[kBlockFrames];  // frame j is seen by no frame before this one
  float high[kBlockFrames];           // a = high + low
  float low[kBlockFrames];
  float anchored[kBlockFrames / kGroup][kBlockFrames];  // exp(-|a_t - a_(start of group)|)

  // The weights of query i and keys j .. j + kLanes - 1, all 1 without decay, visible or not.
  RILL_INLINE Vec Decay(int i, int j) const {
    const int later = (i > j ? i : j) / kGroup;
    if (i / kGroup != j / kGroup) return Load(anchored[later] + j) * anchored[later][i];
    return DecayBetween(i, j);
  }

  RILL_INLINE Vec DecayBetween(int i, int j) const {
    const Vec gap = (Load(high + j) - high[i]) + (Load(low + j) - low[i]);
    return Exp(gap < 0.0f ? gap : -gap);
  }

  RILL_INLINE Vec Mask(Vec weight, int i, int j) const {
    return Lanes() + j < visible[i] ? weight : Vec{};
  }

  static RILL_INLINE IntVec Lanes() {
    IntVec lanes;
    for (int l = 0; l < kLanes; ++l) lanes[l] = l;
    return lanes;
  }
};

// The decay of `frames` frames whose log_decay lie `stride` floats apart (null: none).
static void PrepareDecay(int frames, const float* log_decay, int64_t stride, BlockWeights& w) {
  const int padded =
      (frames + BlockWeights::kGroup - 1) / BlockWeights::kGroup * BlockWeights::kGroup;
  w.frames = frames;
  w.decays = log_decay != nullptr;
  w.total = 1.0f;
  for (int i = 0; i < padded; ++i) w.from_start[i] = w.to_end[i] = 1.0f;
  if (!w.decays) return;

  double sum = 0.0;
  for (int i = 0; i < padded; ++i) {
    if (i < frames) {
      const float step = log_decay[i * stride];
      sum += step > -128.0f ? step : -128.0f;  // e^-128 is 0 already; -inf would give NaN
    }
    w.high[i] = static_cast<float>(sum);
    w.low[i] = static_cast<float>(sum - w.high[i]);
  }
  for (int j = 0; j < padded; j += kLanes) {
    Store(Exp(Load(w.high + j)), w.from_start + j);
    Store(w.DecayBetween(frames - 1, j), w.to_end + j);
    for (int group = 1; group * BlockWeights::kGroup < frames; ++group) {
      Store(w.DecayBetween(group * BlockWeights::kGroup, j), w.anchored[group] + j);
    }
  }
  w.total = w.from_start[frames - 1];
}

// log_decay and chunk_end are those of the whole sequence, or null.
static inline void PrepareWeights(const AttentionBlock& block, const float* log_decay,
                                  const int32_t* chunk_end, BlockWeights& w) {
  const int n = block.end - block.begin;
  for (int i = 0, chunk_begin = 0; i < n; ++i) {
    int visible = i + 1;
    if (chunk_end != nullptr) {
      visible = chunk_end[block.begin + i] - block.begin;
      if (visible > n) visible = n;
      if (visible < i + 1) visible = i + 1;
    }
    if (i > 0 && visible != w.visible[i - 1]) chunk_begin = i;
    w.visible[i] = visible;
    w.first_query[i] = chunk_begin;
  }
  PrepareDecay(n, log_decay == nullptr ? nullptr : log_decay + block.begin, 1, w);
}

}  // namespace rill::kernels::RILL_SIMD
