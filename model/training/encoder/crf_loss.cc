#include "model/training/encoder/crf_loss.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "kernels/cpu/ctc_loss.h"
#include "model/training/encoder/given_gradient.h"

namespace rill::training {
namespace {

using at::Tensor;

// What is less likely than this is left out: it hardly moves the gradient.
constexpr double kLeast = 1e-5;

// What ended in a state of the n-gram at a frame, by what that frame was: the state's last token,
// or blank. Probabilities going forward; with them, backward: how likely the rest is.
struct Active {
  int32_t state;
  float token = 0;
  float blank = 0;
  float rest_token = 1;
  float rest_blank = 1;
};

// Memory of a thread, kept between clips.
struct Scratch {
  std::vector<Active> active;     // frame after frame
  std::vector<int32_t> position;  // [states]: in the frame that is being looked at, or -1
};

class Lattice {
 public:
  Lattice(const TokenNgram& ngram, const float* probabilities, int64_t frames, double least,
          Scratch& scratch)
      : ngram_(ngram),
        probabilities_(probabilities),
        frames_(frames),
        least_(static_cast<float>(least)),
        active_(scratch.active),
        position_(scratch.position) {
    active_.clear();
    position_.assign(ngram.states(), -1);
    first_.reserve(frames + 2);
    scale_.reserve(frames);
    active_.push_back({ngram.start(), 0.0f, 1.0f});
    first_ = {0, 1};
  }

  double Forward() {
    double log_sum = 0;
    for (int64_t t = 0; t < frames_; ++t) log_sum += StepForward(t);
    return log_sum;
  }

  void Backward(float* occupation) {
    std::fill_n(occupation, frames_ * ngram_.vocab(), 0.0f);
    for (int64_t t = frames_ - 1; t >= 0; --t) StepBack(t, occupation + t * ngram_.vocab());
  }

 private:
  // Sets choices_: tokens that a frame may be.
  void Choose(const float* p) {
    choices_.clear();
    for (int32_t k = 1; k < ngram_.vocab(); ++k) {
      if (p[k] > least_) choices_.push_back(k);
    }
  }

  Active& At(int32_t state) {
    if (position_[state] < 0) {
      position_[state] = static_cast<int32_t>(active_.size());
      active_.push_back({state});
    }
    return active_[position_[state]];
  }

  // From the states before frame t to those after it, which become the last of active_. Returns the
  // logarithm of their sum before it is scaled to 1, as that of the states before is.
  double StepForward(int64_t t) {
    const float* p = probabilities_ + t * ngram_.vocab();
    Choose(p);
    const size_t begin = first_[t], end = first_[t + 1];
    for (size_t i = begin; i < end; ++i) {
      const Active from = active_[i];
      const float mass = from.token + from.blank;
      const int32_t last = ngram_.last(from.state);
      Active& same = At(from.state);
      same.blank += mass * p[0];
      same.token += from.token * p[last];
      const float* weights = ngram_.weights(from.state);
      const int32_t* next = ngram_.next(from.state);
      for (const int32_t k : choices_) {
        At(next[k]).token += (k == last ? from.blank : mass) * weights[k] * p[k];
      }
    }
    double sum = 0;
    for (size_t i = end; i < active_.size(); ++i) {
      position_[active_[i].state] = -1;
      sum += active_[i].token + active_[i].blank;
    }
    const auto least = static_cast<float>(sum) * least_;
    active_.erase(std::remove_if(active_.begin() + static_cast<int64_t>(end), active_.end(),
                                 [&](const Active& a) { return a.token + a.blank < least; }),
                  active_.end());
    double kept = 0;
    for (size_t i = end; i < active_.size(); ++i) kept += active_[i].token + active_[i].blank;
    const auto scale = static_cast<float>(1 / kept);
    for (size_t i = end; i < active_.size(); ++i) {
      active_[i].token *= scale;
      active_[i].blank *= scale;
    }
    first_.push_back(active_.size());
    scale_.push_back(scale);
    return std::log(kept);
  }

  // From the states after frame t to those before it.
  void StepBack(int64_t t, float* occupation) {
    const float* p = probabilities_ + t * ngram_.vocab();
    Choose(p);
    const float scale = scale_[t];
    const size_t begin = first_[t], end = first_[t + 1];
    for (size_t i = end; i < first_[t + 2]; ++i) {
      position_[active_[i].state] = static_cast<int32_t>(i);
    }
    for (size_t i = begin; i < end; ++i) {
      Active& from = active_[i];
      const float mass = from.token + from.blank;
      const int32_t last = ngram_.last(from.state);
      from.rest_token = from.rest_blank = 0;
      if (const int32_t same = position_[from.state]; same >= 0) {
        const float blank = scale * p[0] * active_[same].rest_blank;
        const float again = scale * p[last] * active_[same].rest_token;
        from.rest_token = blank + again;
        from.rest_blank = blank;
        occupation[0] += mass * blank;
        occupation[last] += from.token * again;
      }
      const float* weights = ngram_.weights(from.state);
      const int32_t* next = ngram_.next(from.state);
      for (const int32_t k : choices_) {
        const int32_t to = position_[next[k]];
        if (to < 0) continue;
        const float rest = scale * weights[k] * p[k] * active_[to].rest_token;
        from.rest_blank += rest;
        if (k != last) from.rest_token += rest;
        occupation[k] += (k == last ? from.blank : mass) * rest;
      }
    }
    for (size_t i = end; i < first_[t + 2]; ++i) position_[active_[i].state] = -1;
  }

  const TokenNgram& ngram_;
  const float* probabilities_;
  const int64_t frames_;
  const float least_;
  std::vector<Active>& active_;
  std::vector<int32_t>& position_;
  std::vector<size_t> first_;  // [frames + 2]: in active_, of the states before each frame, and end
  std::vector<float> scale_;   // [frames]
  std::vector<int32_t> choices_;
};

}  // namespace

double LogNormalizer(const TokenNgram& ngram, const float* probabilities, int64_t frames,
                     double least, float* occupation) {
  thread_local Scratch scratch;
  Lattice lattice(ngram, probabilities, frames, least, scratch);
  const double log_sum = lattice.Forward();
  lattice.Backward(occupation);
  return log_sum;
}

Tensor CrfLossSum(const Tensor& device_logits, const std::vector<PackedClip>& clips,
                  const TokenNgram& ngram) {
  const Tensor logits = device_logits.cpu();
  const Tensor probabilities = at::softmax(logits.detach(), -1).contiguous();
  Tensor gradient = at::zeros_like(probabilities);
  const int64_t vocab = logits.size(2);
  double sum = 0;
  for (const PackedClip& clip : clips) {
    const auto labels = static_cast<int64_t>(clip.labels.size());
    if (clip.weight == 0 || !kernels::CtcFits(clip.frames, clip.labels.data(), labels)) continue;
    const int64_t first = (clip.row * logits.size(1) + clip.first_frame) * vocab;
    const float* p = probabilities.const_data_ptr<float>() + first;
    float* out = gradient.data_ptr<float>() + first;
    const double log_sum = LogNormalizer(ngram, p, clip.frames, kLeast, out);
    sum += clip.weight * (log_sum - ngram.LogWeight(clip.labels));
    for (int64_t i = 0; i < clip.frames * vocab; ++i) out[i] = clip.weight * (out[i] - p[i]);
  }
  return LossWithGradient(logits, sum, gradient).to(device_logits.device());
}

}  // namespace rill::training
