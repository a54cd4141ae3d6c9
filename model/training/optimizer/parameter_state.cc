#include "model/training/optimizer/parameter_state.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <string_view>

#include "kernels/cpu/simd.h"
#include "model/training/optimizer/muon.h"

namespace rill::training {
namespace {

bool Decays(std::string_view name) {
  return name.ends_with(".weight") || name.ends_with(".depthwise");
}

at::ScalarType NewtonSchulzType(const at::Tensor& tensor) {
  const bool fast = tensor.is_cuda() || kernels::HasFastBFloat16();
  return fast ? at::kBFloat16 : at::kFloat;
}

}  // namespace

double AverageDecay(const OptimizerOptions& options, int64_t step) {
  return std::min(options.average_decay, (1.0 + step) / (10.0 + step));
}

ParameterState::ParameterState(const Parameter& parameter, int64_t attention_width,
                               const OptimizerOptions& options)
    : name_(parameter.name),
      options_(options),
      by_muon_(parameter.is_matrix && options.muon),
      decays_(Decays(parameter.name)),
      parts_(FusedParts(parameter.name, parameter.tensor.size(0), attention_width)),
      compute_(NewtonSchulzType(parameter.tensor)),
      // Not detach(): writes must not count as changes of a tensor that autograd has saved.
      tensor_(parameter.tensor.variable_data()),
      master_(tensor_.to(at::kFloat, /*non_blocking=*/false, /*copy=*/true)),
      average_(master_.clone()),
      gradient_(at::zeros_like(master_)),
      momentum_(at::zeros_like(master_)) {
  if (!by_muon_) square_ = at::zeros_like(master_);
}

void ParameterState::GatherGradient(const std::vector<at::Tensor>& gradients, double scale) {
  gradient_.zero_();
  for (const at::Tensor& gradient : gradients) {
    if (gradient.defined()) gradient_.add_(gradient);
  }
  gradient_.mul_(scale);
}

at::Tensor ParameterState::SquaredGradientNorm() const { return gradient_.square().sum(); }

void ParameterState::Update(int64_t step, double rate, double clip) {
  if (clip != 1) gradient_.mul_(clip);
  if (decays_) master_.mul_(1 - rate * options_.weight_decay);
  if (by_muon_) {
    UpdateMuon(rate);
  } else {
    UpdateAdam(step, rate);
  }
  average_.lerp_(master_, 1 - AverageDecay(options_, step));
  ShowMaster();
}

void ParameterState::UpdateMuon(double rate) {
  momentum_.lerp_(gradient_, 1 - options_.muon_momentum);
  const at::Tensor nesterov = gradient_.lerp(momentum_, options_.muon_momentum);
  const at::Tensor direction =
      MuonDirection(nesterov.view({parts_, nesterov.size(0) / parts_, nesterov.size(1)}),
                    options_.newton_schulz_steps, compute_);
  master_.sub_(direction.reshape(master_.sizes()), rate);
}

void ParameterState::UpdateAdam(int64_t step, double rate) {
  momentum_.lerp_(gradient_, 1 - options_.adam_beta1);
  square_.mul_(options_.adam_beta2).addcmul_(gradient_, gradient_, 1 - options_.adam_beta2);
  const double correction1 = 1 - std::pow(options_.adam_beta1, step + 1);
  const double correction2 = 1 - std::pow(options_.adam_beta2, step + 1);
  const at::Tensor denominator =
      square_.sqrt().div_(std::sqrt(correction2)).add_(options_.adam_epsilon);
  master_.addcdiv_(momentum_, denominator, -rate / correction1);
}

void ParameterState::ShowAverage() { tensor_.copy_(average_); }
void ParameterState::ShowMaster() { tensor_.copy_(master_); }
void ParameterState::RestartAverage() { average_.copy_(master_); }

double ParameterState::cost() const {
  const double size = static_cast<double>(master_.numel());
  if (!by_muon_) return 10 * size;
  const double rows = static_cast<double>(master_.size(0) / parts_);
  const double side = std::min(rows, static_cast<double>(master_.size(1)));
  // Elementwise passes, and five rounds of products, at 30 operations in the time of one element.
  return size * (10 + options_.newton_schulz_steps * 6 * side / 30);
}

std::vector<std::pair<std::string, at::Tensor>> ParameterState::Tensors() const {
  std::vector<std::pair<std::string, at::Tensor>> tensors = {
      {"master", master_}, {"average", average_}, {"momentum", momentum_}};
  if (!by_muon_) tensors.emplace_back("square", square_);
  return tensors;
}

}  // namespace rill::training
