#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>

#include "kernels/cpu/ctc_loss.h"
#include "model/training/encoder/encoder_module.h"

namespace rill::training {
namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::tensor_list;

// The kernel gives the gradient with the loss: the backward pass only scales it.
struct CtcFunction : torch::autograd::Function<CtcFunction> {
  static Tensor forward(AutogradContext* ctx, const Tensor& logits,
                        const std::vector<kernels::CtcClip>* clips, int64_t* skipped) {
    const Tensor dense = logits.contiguous();
    Tensor gradient = at::zeros_like(dense);
    std::vector<float> losses(clips->size());
    *skipped += kernels::CtcLoss(dense.size(-1), dense.data_ptr<float>(), clips->data(),
                                 static_cast<int64_t>(clips->size()), losses.data(),
                                 gradient.data_ptr<float>());
    ctx->save_for_backward({gradient});
    double sum = 0;
    for (float loss : losses) sum += loss;
    return at::scalar_tensor(sum, dense.options());
  }

  static tensor_list backward(AutogradContext* ctx, tensor_list grads) {
    return {ctx->get_saved_variables()[0].mul_(grads[0].item<float>()), Tensor(), Tensor()};
  }
};

Tensor FusedCtc(const Tensor& logits, const std::vector<PackedClip>& clips, int64_t* skipped) {
  std::vector<kernels::CtcClip> flat;
  flat.reserve(clips.size());
  for (const PackedClip& c : clips) {
    flat.push_back({c.row * logits.size(1) + c.first_frame, c.frames, c.labels.data(),
                    static_cast<int64_t>(c.labels.size()), c.weight});
  }
  return CtcFunction::apply(logits, &flat, skipped);
}

// The least number of frames that labels can be aligned to.
int64_t FramesNeeded(const std::vector<int32_t>& labels) {
  int64_t needed = static_cast<int64_t>(labels.size());
  for (size_t i = 1; i < labels.size(); ++i) needed += labels[i] == labels[i - 1];
  return needed;
}

Tensor PlainCtc(const Tensor& logits, const std::vector<PackedClip>& clips, int64_t* skipped) {
  std::vector<Tensor> inputs;
  std::vector<int64_t> input_lengths, target_lengths;
  std::vector<int32_t> targets;
  std::vector<float> weights;
  int64_t longest = 0;
  for (const PackedClip& c : clips) {
    if (c.frames < FramesNeeded(c.labels)) {
      ++*skipped;
      continue;
    }
    inputs.push_back(logits.select(0, c.row).narrow(0, c.first_frame, c.frames));
    longest = std::max(longest, c.frames);
    input_lengths.push_back(c.frames);
    target_lengths.push_back(static_cast<int64_t>(c.labels.size()));
    targets.insert(targets.end(), c.labels.begin(), c.labels.end());
    weights.push_back(c.weight);
  }
  if (inputs.empty()) return (logits * 0).sum();
  for (Tensor& x : inputs) x = at::constant_pad_nd(x, {0, 0, 0, longest - x.size(0)});
  const Tensor log_probs = at::log_softmax(at::stack(inputs, /*dim=*/1), -1);
  const Tensor losses =
      at::ctc_loss(log_probs, at::tensor(targets, at::kInt).to(logits.device()), input_lengths,
                   target_lengths, /*blank=*/0, at::Reduction::None);
  return (losses * at::tensor(weights, at::kFloat).to(logits.device())).sum();
}

}  // namespace

Tensor CtcLossSum(const Tensor& logits, const std::vector<PackedClip>& clips, int64_t* skipped) {
  return logits.is_cpu() ? FusedCtc(logits, clips, skipped) : PlainCtc(logits, clips, skipped);
}

}  // namespace rill::training
