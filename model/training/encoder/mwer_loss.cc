#include "model/training/encoder/mwer_loss.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "kernels/cpu/ctc_loss.h"
#include "model/training/data/error_rate.h"
#include "model/training/encoder/given_gradient.h"

namespace rill::training {
namespace {

using at::Tensor;

// Of one clip's log_probs [frames, vocab]: the texts' expected word errors. gradient [frames,
// vocab]: set to what they change by with each logit.
double ExpectedErrors(const TextSearch& search, const std::string& reference,
                      const float* log_probs, int64_t frames, int64_t vocab, float* gradient) {
  const std::vector<TextSearch::Found> texts = search.Find(log_probs, frames);
  const int64_t size = frames * vocab;
  std::vector<float> slopes(static_cast<int64_t>(texts.size()) * size);  // of -log p of each text
  std::vector<double> log_weights, errors;
  double best = -HUGE_VAL;
  for (size_t i = 0; i < texts.size(); ++i) {
    const kernels::CtcClip clip = {0, frames, texts[i].labels.data(),
                                   static_cast<int64_t>(texts[i].labels.size()), 1.0f};
    float loss = 0;
    kernels::CtcLoss(vocab, log_probs, &clip, 1, &loss, slopes.data() + i * size);
    log_weights.push_back(texts[i].score - loss);
    errors.push_back(static_cast<double>(WordErrors(reference, texts[i].text).errors()));
    best = std::max(best, log_weights.back());
  }
  double total = 0, expected = 0;
  for (size_t i = 0; i < texts.size(); ++i) {
    const double weight = std::exp(log_weights[i] - best);
    total += weight;
    expected += weight * errors[i];
  }
  expected /= total;
  std::fill_n(gradient, size, 0.0f);
  for (size_t i = 0; i < texts.size(); ++i) {
    const auto factor =
        static_cast<float>(std::exp(log_weights[i] - best) / total * (expected - errors[i]));
    const float* slope = slopes.data() + i * size;
    for (int64_t j = 0; j < size; ++j) gradient[j] += factor * slope[j];
  }
  return expected;
}

}  // namespace

Tensor MwerLossSum(const Tensor& device_logits, const std::vector<PackedClip>& clips,
                   const TextSearch& search, double* words) {
  const Tensor logits = device_logits.cpu();
  const Tensor log_probs = at::log_softmax(logits.detach(), -1).contiguous();
  Tensor gradient = at::zeros_like(log_probs);
  const int64_t vocab = logits.size(2);
  double sum = 0;
  for (const PackedClip& clip : clips) {
    if (clip.weight == 0 || clip.frames == 0) continue;
    const int64_t first = (clip.row * logits.size(1) + clip.first_frame) * vocab;
    float* out = gradient.data_ptr<float>() + first;
    const std::string reference = search.Spell(clip.labels);
    sum +=
        clip.weight * ExpectedErrors(search, reference, log_probs.const_data_ptr<float>() + first,
                                     clip.frames, vocab, out);
    *words += clip.weight * static_cast<double>(WordErrors(reference, "").errors());
    for (int64_t i = 0; i < clip.frames * vocab; ++i) out[i] *= clip.weight;
  }
  return LossWithGradient(logits, sum, gradient).to(device_logits.device());
}

}  // namespace rill::training
