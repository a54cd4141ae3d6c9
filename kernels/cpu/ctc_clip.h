// One clip of the CTC loss, between ctc_loss.cc, which checks the clips and keeps the memory, and
// ctc_loss_simd.cc, which computes. Private to these two.
//
// The 2 L + 1 states of a clip with L labels are two arrays: blank i lies before label i. An array
// starts kCtcPad floats into its row, so that a vector before and after it may be written.
#pragma once

#include <cstdint>

#include "kernels/cpu/ctc_loss.h"
#include "kernels/cpu/simd.h"

namespace rill::kernels {

inline constexpr int64_t kCtcPad = 16;

// Working memory of one clip. Rows are `stride` floats.
struct CtcScratch {
  int64_t stride;
  float* alpha;   // frames + 1 rows of blanks, each followed by its row of labels
  float* blanks;  // one row each
  float* labels;
  float* arrivals;
  float* emissions;
  float* may_skip;        // 1 where a path may go from label i - 1 to label i without a blank
  float* shifts;          // [frames + 1]
  float* normalizers;     // [frames]
  float* softmax_scales;  // [frames]

  static int64_t Stride(int64_t num_labels) {
    return kCtcPad + (num_labels + 1 + kCtcPad - 1) / kCtcPad * kCtcPad + kCtcPad;
  }
  static int64_t Floats(int64_t frames, int64_t num_labels) {
    return (2 * (frames + 1) + 5) * Stride(num_labels) + 3 * (frames + 1);
  }
  CtcScratch(int64_t frames, int64_t num_labels, float* memory) : stride(Stride(num_labels)) {
    alpha = memory;
    blanks = alpha + 2 * (frames + 1) * stride;
    labels = blanks + stride;
    arrivals = labels + stride;
    emissions = arrivals + stride;
    may_skip = emissions + stride;
    shifts = may_skip + stride;
    normalizers = shifts + frames + 1;
    softmax_scales = normalizers + frames + 1;
  }
};

// The loss of an alignable clip; `logits` and `d_logits` point to its first frame.
RILL_SIMD_DECLARE(float CtcClipLoss(int64_t vocab, const float* logits, const CtcClip& clip,
                                    const CtcScratch& scratch, float* d_logits))

}  // namespace rill::kernels
