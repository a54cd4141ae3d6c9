#include "model/decoder/ctc_frame.h"

#include <algorithm>
#include <cmath>

#include "model/decoder/log_add.h"

namespace rill {

size_t LikeliestToken(absl::Span<const float> log_probs) {
  size_t best = CtcFrame::kBlank;
  for (size_t i = 1; i < log_probs.size(); ++i) {
    if (log_probs[i] > log_probs[best]) best = i;
  }
  return best;
}

void CtcFrame::Read(absl::Span<const float> log_probs, int64_t start, int64_t end,
                    const BeamOptions& options) {
  start_ = start;
  end_ = end;
  float best = kLeastLogProb;
  for (size_t i = 0; i < log_probs_.size(); ++i) {
    const float value = log_probs[i];
    log_probs_[i] = std::isnan(value) ? kLeastLogProb : std::clamp(value, kLeastLogProb, 0.0f);
    best = std::max(best, log_probs_[i]);
  }
  tokens_.clear();
  space_is_likeliest_ = false;
  if (std::isnan(log_probs[kBlank])) {  // as for the greedy decoder
    log_probs_[kBlank] = 0;
  } else {
    for (size_t i = 1; i < log_probs_.size(); ++i) {
      if (log_probs_[i] > kLeastLogProb && log_probs_[i] >= best - options.token_threshold) {
        tokens_.push_back(static_cast<int>(i));
      }
    }
    space_is_likeliest_ = log_probs_[space_] == best && best > log_probs_[kBlank];
    log_probs_[kBlank] -= options.blank_penalty;
  }
  blank_or_space_ = LogAdd(log_probs_[kBlank], log_probs_[space_]);
}

}  // namespace rill
