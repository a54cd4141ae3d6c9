#include "model/training/encoder/consistency_loss.h"

#include <ATen/ATen.h>

namespace rill::training {

at::Tensor ConsistencyLoss(const at::Tensor& logits, const std::vector<PackedClip>& clips) {
  const int64_t rows = logits.size(0) / 2, frames = logits.size(1);
  at::Tensor weights = at::zeros({rows, frames, 1}, at::kFloat);
  for (const PackedClip& clip : clips) {
    if (clip.row >= rows) continue;
    weights.select(0, clip.row).narrow(0, clip.first_frame, clip.frames).fill_(clip.weight);
  }
  const at::Tensor log_probs = at::log_softmax(logits, -1);
  const at::Tensor first = log_probs.narrow(0, 0, rows), second = log_probs.narrow(0, rows, rows);
  const auto divergence = [](const at::Tensor& given, const at::Tensor& log_q) {
    const at::Tensor log_p = given.detach();
    return log_p.exp() * (log_p - log_q);
  };
  return (weights.to(logits.device()) * (divergence(first, second) + divergence(second, first)))
      .sum();
}

}  // namespace rill::training
