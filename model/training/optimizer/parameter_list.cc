#include "model/training/optimizer/parameter_list.h"

#include <ATen/ATen.h>

#include <cmath>
#include <map>
#include <utility>

#include "model/training/optimizer/muon.h"

namespace rill::training {

ParameterList::ParameterList(std::vector<ParameterState>& states, const OptimizerOptions& options)
    : options_(options) {
  std::map<std::pair<int64_t, int64_t>, Alike> by_size;
  for (ParameterState& state : states) {
    gradients_.push_back(state.gradient_);
    masters_.push_back(state.master_);
    averages_.push_back(state.average_);
    computes_.push_back(state.tensor_);
    if (state.decays_) decaying_.push_back(state.master_);
    if (state.by_muon_) {
      const int64_t rows = state.master_.size(0) / state.parts_, columns = state.master_.size(1);
      Alike& alike = by_size[{rows, columns}];
      alike.rows = rows;
      alike.columns = columns;
      alike.places.push_back(muon_.masters.size());
      alike.parts.push_back(state.parts_);
      muon_type_ = state.compute_;
      muon_.gradients.push_back(state.gradient_);
      muon_.masters.push_back(state.master_);
      muon_.momenta.push_back(state.momentum_);
    } else {
      adam_.gradients.push_back(state.gradient_);
      adam_.masters.push_back(state.master_);
      adam_.momenta.push_back(state.momentum_);
      adam_.squares.push_back(state.square_);
    }
  }
  for (auto& [size, alike] : by_size) alike_.push_back(std::move(alike));
}

double ParameterList::Gather(const std::vector<std::vector<Parameter>*>& replicas, double scale) {
  at::_foreach_zero_(gradients_);
  for (std::vector<Parameter>* const parameters : replicas) {
    Tensors to, from;
    for (size_t i = 0; i < parameters->size(); ++i) {
      at::Tensor& slot = (*parameters)[i].tensor.mutable_grad();
      if (!slot.defined()) continue;
      to.push_back(gradients_[i]);
      from.push_back(slot.to(at::kFloat));
      slot = at::Tensor();
    }
    if (!to.empty()) at::_foreach_add_(to, from);
  }
  at::_foreach_mul_(gradients_, scale);
  return at::stack(at::_foreach_norm(gradients_)).to(at::kDouble).norm().item<double>();
}

void ParameterList::Update(int64_t step, double rate, double clip) {
  if (clip != 1) at::_foreach_mul_(gradients_, clip);
  if (!decaying_.empty()) at::_foreach_mul_(decaying_, 1 - rate * options_.weight_decay);
  if (!muon_.masters.empty()) UpdateMuon(rate);
  if (!adam_.masters.empty()) UpdateAdam(step, rate);
  at::_foreach_lerp_(averages_, masters_, 1 - AverageDecay(options_, step));
  at::_foreach_copy_(computes_, masters_);
}

void ParameterList::UpdateMuon(double rate) {
  at::_foreach_lerp_(muon_.momenta, muon_.gradients, 1 - options_.muon_momentum);
  const Tensors nesterov =
      at::_foreach_lerp(muon_.gradients, muon_.momenta, options_.muon_momentum);
  Tensors directions(nesterov.size());
  for (const Alike& alike : alike_) {
    Tensors matrices;
    for (const size_t i : alike.places) {
      matrices.push_back(nesterov[i].view({-1, alike.rows, alike.columns}));
    }
    const at::Tensor all =
        MuonDirection(at::cat(matrices), options_.newton_schulz_steps, muon_type_).contiguous();
    const Tensors parts = all.split_with_sizes(alike.parts);
    for (size_t k = 0; k < parts.size(); ++k) {
      const size_t i = alike.places[k];
      directions[i] = parts[k].view(muon_.masters[i].sizes());
    }
  }
  at::_foreach_add_(muon_.masters, directions, -rate);
}

void ParameterList::UpdateAdam(int64_t step, double rate) {
  at::_foreach_lerp_(adam_.momenta, adam_.gradients, 1 - options_.adam_beta1);
  at::_foreach_mul_(adam_.squares, options_.adam_beta2);
  at::_foreach_addcmul_(adam_.squares, adam_.gradients, adam_.gradients, 1 - options_.adam_beta2);
  const double correction1 = 1 - std::pow(options_.adam_beta1, step + 1);
  const double correction2 = 1 - std::pow(options_.adam_beta2, step + 1);
  Tensors denominators = at::_foreach_sqrt(adam_.squares);
  at::_foreach_div_(denominators, std::sqrt(correction2));
  at::_foreach_add_(denominators, options_.adam_epsilon);
  at::_foreach_addcdiv_(adam_.masters, adam_.momenta, denominators, -rate / correction1);
}

}  // namespace rill::training
