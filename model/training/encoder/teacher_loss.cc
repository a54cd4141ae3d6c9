#include "model/training/encoder/teacher_loss.h"

#include <ATen/ATen.h>

#include "model/training/data/teacher_codes.h"

namespace rill::training {

using at::Tensor;

Tensor TeacherLoss(const Tensor& logits, const std::vector<PackedClip>& clips) {
  const int64_t groups = logits.size(2) / kTeacherClasses;
  std::vector<int64_t> frames, codes;
  for (const PackedClip& clip : clips) {
    if (clip.teacher.empty()) continue;
    for (int64_t t = 0; t < clip.frames; ++t) {
      frames.push_back(clip.row * logits.size(1) + clip.first_frame + t);
    }
    codes.insert(codes.end(), clip.teacher.begin(), clip.teacher.end());
  }
  const Tensor chosen = logits.reshape({-1, groups * kTeacherClasses})
                            .index_select(0, at::tensor(frames, at::kLong).to(logits.device()))
                            .reshape({-1, kTeacherClasses});
  const Tensor log_probs =
      at::log_softmax(chosen, -1)
          .gather(1, at::tensor(codes, at::kLong).to(logits.device()).unsqueeze(1));
  return -log_probs.sum() / static_cast<double>(groups);
}

}  // namespace rill::training
