#include "model/paper/generate/mixture_of_logistics.h"

#include <ATen/ATen.h>

namespace rill::paper {
namespace {

using at::Tensor;

constexpr double kLeastLogScale = -7;
constexpr double kHalfBin = 1.0 / 255;

struct Mixture {
  Tensor logits, means, log_scales;  // [..., mixtures]

  explicit Mixture(const Tensor& parameters) {
    const auto parts = parameters.chunk(3, -1);
    logits = parts[0];
    means = parts[1];
    log_scales = parts[2].clamp_min(kLeastLogScale);
  }
};

}  // namespace

// With s the logistic function and a > b the bin's ends in units of the scale:
//   ln(s(a) - s(b)) = ln s(a) + ln s(-b) + ln(1 - e^(b - a)),
// which loses no digits however thin the bin.
Tensor LogProbability(const Tensor& parameters, const Tensor& pixels) {
  const Mixture mixture(parameters);
  const Tensor value = pixels.unsqueeze(-1).to(at::kFloat) * (2 * kHalfBin) - 1;
  const Tensor per_scale = (-mixture.log_scales).exp();
  const Tensor upper = (value - mixture.means + kHalfBin) * per_scale;
  const Tensor lower = (value - mixture.means - kHalfBin) * per_scale;
  const Tensor below_upper = at::log_sigmoid(upper);
  const Tensor above_lower = at::log_sigmoid(-lower);
  const Tensor inside = below_upper + above_lower + (-at::expm1(per_scale * (-2 * kHalfBin))).log();
  const Tensor level = pixels.unsqueeze(-1);
  const Tensor bins =
      at::where(level == 0, below_upper, at::where(level == 255, above_lower, inside));
  return (mixture.logits.log_softmax(-1) + bins).logsumexp(-1);
}

Tensor SamplePixels(const Tensor& parameters, const at::Generator& random) {
  const Mixture mixture(parameters);
  const auto uniform = [&](at::IntArrayRef shape) {
    return at::rand(shape, random, parameters.options()).clamp(1e-6, 1 - 1e-6);
  };
  // Gumbel's way to draw from logits.
  const Tensor gumbel = -(-uniform(mixture.logits.sizes()).log()).log();
  const Tensor chosen = (mixture.logits + gumbel).argmax(-1, /*keepdim=*/true);
  const Tensor mean = mixture.means.gather(-1, chosen).squeeze(-1);
  const Tensor scale = mixture.log_scales.gather(-1, chosen).squeeze(-1).exp();
  const Tensor u = uniform(mean.sizes());
  const Tensor value = mean + scale * (u.log() - (1 - u).log());
  return ((value + 1) / (2 * kHalfBin)).round().clamp(0, 255).to(at::kLong);
}

}  // namespace rill::paper
