#include <ATen/ATen.h>

#include <algorithm>
#include <numeric>

#include "kernels/cpu/ctc_loss.h"
#include "model/training/encoder/encoder_module.h"
#include "model/training/encoder/given_gradient.h"

namespace rill::training {
namespace {

using at::Tensor;

// From this probability on a frame is blank for sure.
constexpr float kSureOfBlank = 0.99f;

// [rows, frames]: how many frames each is after the last one that was blank for sure, or after its
// clip's first, times `penalty`. Other frames: 0.
Tensor BlankBonus(const Tensor& logits, const std::vector<PackedClip>& clips, double penalty) {
  const Tensor blank = at::softmax(logits.detach(), -1).select(-1, 0).contiguous();
  Tensor bonus = at::zeros_like(blank);
  for (const PackedClip& clip : clips) {
    const float* p = blank.select(0, clip.row).const_data_ptr<float>() + clip.first_frame;
    float* out = bonus.select(0, clip.row).data_ptr<float>() + clip.first_frame;
    int64_t since = 0;
    for (int64_t t = 0; t < clip.frames; ++t) {
      since = t == 0 || p[t] >= kSureOfBlank ? 0 : since + 1;
      out[t] = static_cast<float>(penalty * static_cast<double>(since));
    }
  }
  return bonus;
}

Tensor FusedCtc(const Tensor& logits, const std::vector<PackedClip>& clips, int64_t* skipped,
                double delay_penalty) {
  const Tensor bonus = delay_penalty > 0 ? BlankBonus(logits, clips, delay_penalty) : Tensor();
  std::vector<kernels::CtcClip> flat;
  flat.reserve(clips.size());
  for (const PackedClip& c : clips) {
    const int64_t first = c.row * logits.size(1) + c.first_frame;
    flat.push_back({first, c.frames, c.labels.data(), static_cast<int64_t>(c.labels.size()),
                    c.weight, bonus.defined() ? bonus.const_data_ptr<float>() + first : nullptr});
  }
  const Tensor dense = logits.detach().contiguous();
  Tensor gradient = at::zeros_like(dense);
  std::vector<float> losses(flat.size());
  *skipped += kernels::CtcLoss(dense.size(-1), dense.data_ptr<float>(), flat.data(),
                               static_cast<int64_t>(flat.size()), losses.data(),
                               gradient.data_ptr<float>());
  return LossWithGradient(logits, std::accumulate(losses.begin(), losses.end(), 0.0), gradient);
}

}  // namespace

Tensor PlainCtcLossSum(const Tensor& logits, const std::vector<PackedClip>& clips,
                       int64_t* skipped) {
  std::vector<int64_t> first, input_lengths, target_lengths;
  std::vector<int32_t> targets;
  std::vector<float> weights;
  int64_t longest = 0;
  for (const PackedClip& c : clips) {
    const auto labels = static_cast<int64_t>(c.labels.size());
    if (!kernels::CtcFits(c.frames, c.labels.data(), labels)) {
      ++*skipped;
      continue;
    }
    first.push_back(c.row * logits.size(1) + c.first_frame);
    longest = std::max(longest, c.frames);
    input_lengths.push_back(c.frames);
    target_lengths.push_back(labels);
    targets.insert(targets.end(), c.labels.begin(), c.labels.end());
    weights.push_back(c.weight);
  }
  if (first.empty()) return (logits * 0).sum();
  // [longest, clips, vocab]: each clip's frames, then its last one again and again, which the loss
  // leaves out.
  const Tensor last = at::tensor(input_lengths, at::kLong).unsqueeze(0) - 1;
  const Tensor frames = at::minimum(at::arange(longest, at::kLong).unsqueeze(1), last) +
                        at::tensor(first, at::kLong).unsqueeze(0);
  const Tensor inputs = logits.reshape({-1, logits.size(2)})
                            .index_select(0, frames.reshape({-1}).to(logits.device()))
                            .view({longest, static_cast<int64_t>(first.size()), logits.size(2)});
  const Tensor log_probs = at::log_softmax(inputs, -1);
  const Tensor losses =
      at::ctc_loss(log_probs, at::tensor(targets, at::kInt).to(logits.device()), input_lengths,
                   target_lengths, /*blank=*/0, at::Reduction::None);
  return (losses * at::tensor(weights, at::kFloat).to(logits.device())).sum();
}

// LibTorch's own CTC takes its input for normalised, which a bonus on blank makes untrue.
Tensor CtcLossSum(const Tensor& logits, const std::vector<PackedClip>& clips, int64_t* skipped,
                  double delay_penalty) {
  if (!logits.is_cpu() && delay_penalty == 0) return PlainCtcLossSum(logits, clips, skipped);
  return FusedCtc(logits.cpu(), clips, skipped, delay_penalty).to(logits.device());
}

}  // namespace rill::training
