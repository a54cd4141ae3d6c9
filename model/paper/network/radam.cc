#include "model/paper/network/radam.h"

#include <ATen/ATen.h>

#include <cmath>

namespace rill::paper {

using at::Tensor;

RAdam::RAdam(const Parameters& parameters, const Options& options)
    : parameters_(parameters.all()), options_(options) {
  for (const Parameter& p : parameters_) {
    first_.push_back(at::zeros_like(p.tensor).detach());
    second_.push_back(at::zeros_like(p.tensor).detach());
  }
}

void RAdam::Step(double rate) {
  const at::NoGradGuard no_grad;
  const double t = static_cast<double>(++steps_);
  const double decay1 = std::pow(options_.beta1, t), decay2 = std::pow(options_.beta2, t);
  const double longest = 2 / (1 - options_.beta2) - 1;            // rho_inf
  const double length = longest - 2 * t * decay2 / (1 - decay2);  // rho_t
  const bool adapt = !options_.rectify || length > 4;
  double step = rate / (1 - decay1);
  if (options_.rectify && adapt) {
    step *=
        std::sqrt((length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length));
  }
  for (size_t i = 0; i < parameters_.size(); ++i) {
    Tensor parameter = parameters_[i].tensor;
    Tensor& gradient = parameter.mutable_grad();
    if (!gradient.defined()) continue;
    first_[i].mul_(options_.beta1).add_(gradient, 1 - options_.beta1);
    second_[i].mul_(options_.beta2).addcmul_(gradient, gradient, 1 - options_.beta2);
    if (adapt) {
      const Tensor root = (second_[i] / (1 - decay2)).sqrt_().add_(options_.epsilon);
      parameter.addcdiv_(first_[i], root, -step);
    } else {
      parameter.add_(first_[i], -step);
    }
    gradient.reset();
  }
}

std::vector<Tensor> RAdam::moments() const {
  std::vector<Tensor> all = first_;
  all.insert(all.end(), second_.begin(), second_.end());
  return all;
}

}  // namespace rill::paper
