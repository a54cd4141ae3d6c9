// Connectionist temporal classification (Graves et al., 2006): loss and gradient in one call, in
// the log domain, for many clips that lie in packed rows. Pure function; any thread.
#pragma once

#include <cstdint>

namespace rill::kernels {

struct CtcClip {
  int64_t first;          // index of the clip's first frame in `logits`
  int64_t frames;         // > 0
  const int32_t* labels;  // values in 1 .. vocab - 1; blank is 0
  int64_t num_labels;     // may be 0
  float weight;           // factor on the clip's loss and gradient
  // [frames] nats added to the log-probability of blank, or null. The gradient takes them as given.
  const float* blank_bonus = nullptr;
};

// Frames that labels need: one each, and a blank between equal neighbours.
int64_t CtcFramesNeeded(const int32_t* labels, int64_t num_labels);

// Whether there are as many, and one at least.
bool CtcFits(int64_t frames, const int32_t* labels, int64_t num_labels);

// logits: [total frames, vocab], unnormalised. For each clip: losses[i] = weight * -log p(labels),
// in nats, and d_logits rows of its frames = weight * (softmax - occupation). Rows of no clip get
// zero gradient: the caller clears d_logits. A clip that cannot be aligned (fewer frames than
// CtcFramesNeeded) gets loss 0 and gradient 0 and is counted in the return value.
int64_t CtcLoss(int64_t vocab, const float* logits, const CtcClip* clips, int64_t num_clips,
                float* losses, float* d_logits);

}  // namespace rill::kernels
