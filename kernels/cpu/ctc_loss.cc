#include "kernels/cpu/ctc_loss.h"

#include <algorithm>
#include <vector>

#include "kernels/cpu/ctc_clip.h"

namespace rill::kernels {
namespace {

bool CanBeAligned(int64_t vocab, const CtcClip& clip) {
  if (clip.first < 0) return false;
  if (clip.num_labels < 0 || clip.num_labels > clip.frames) return false;
  const bool known = std::all_of(clip.labels, clip.labels + clip.num_labels,
                                 [vocab](int32_t label) { return label >= 1 && label < vocab; });
  return known && CtcFits(clip.frames, clip.labels, clip.num_labels);
}

}  // namespace

int64_t CtcFramesNeeded(const int32_t* labels, int64_t num_labels) {
  int64_t frames = num_labels;
  for (int64_t i = 1; i < num_labels; ++i) frames += labels[i] == labels[i - 1] ? 1 : 0;
  return frames;
}

bool CtcFits(int64_t frames, const int32_t* labels, int64_t num_labels) {
  return frames > 0 && CtcFramesNeeded(labels, num_labels) <= frames;
}

int64_t CtcLoss(int64_t vocab, const float* logits, const CtcClip* clips, int64_t num_clips,
                float* losses, float* d_logits) {
  // Kept between calls: blocks of this size would go back to the system each time.
  thread_local std::vector<float> memory;
  int64_t skipped = 0;
  for (int64_t i = 0; i < num_clips; ++i) {
    const CtcClip& clip = clips[i];
    if (!CanBeAligned(vocab, clip)) {
      ++skipped;
      losses[i] = 0.0f;
      if (clip.first >= 0 && clip.frames > 0) {
        std::fill_n(d_logits + clip.first * vocab, clip.frames * vocab, 0.0f);
      }
      continue;
    }
    const size_t floats = CtcScratch::Floats(clip.frames, clip.num_labels);
    if (memory.size() < floats) memory.resize(floats);
    const CtcScratch scratch(clip.frames, clip.num_labels, memory.data());
    losses[i] = RILL_SIMD_CALL(CtcClipLoss, vocab, logits + clip.first * vocab, clip, scratch,
                               d_logits + clip.first * vocab);
  }
  return skipped;
}

}  // namespace rill::kernels
