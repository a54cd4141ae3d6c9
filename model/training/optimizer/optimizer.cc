#include "model/training/optimizer/optimizer.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <numeric>

namespace rill::training {
namespace {

// Largest first, each to the thread with the least to do.
std::vector<std::vector<size_t>> ShareOut(const std::vector<ParameterState>& states, int threads) {
  std::vector<size_t> order(states.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return states[a].cost() > states[b].cost(); });
  std::vector<std::vector<size_t>> shares(threads);
  std::vector<double> load(threads, 0);
  for (const size_t i : order) {
    const size_t lightest = std::min_element(load.begin(), load.end()) - load.begin();
    shares[lightest].push_back(i);
    load[lightest] += states[i].cost();
  }
  return shares;
}

}  // namespace

Optimizer::Optimizer(const std::vector<Parameter>& parameters, int64_t attention_width,
                     const OptimizerOptions& options, ThreadTeam& team)
    : options_(options), team_(team) {
  states_.reserve(parameters.size());
  for (const Parameter& parameter : parameters) {
    states_.emplace_back(parameter, attention_width, options);
  }
  shares_ = ShareOut(states_, team.size());
  if (!states_.empty() && states_.front().master().is_cuda()) list_.emplace(states_, options_);
}

absl::StatusOr<double> Optimizer::Gather(const std::vector<std::vector<Parameter>*>& replicas,
                                         double scale) {
  if (list_.has_value()) return list_->Gather(replicas, scale);
  std::vector<at::Tensor> squares(states_.size());
  const absl::Status status = team_.Run([&](int thread) {
    std::vector<at::Tensor> gradients(replicas.size());
    for (const size_t i : shares_[thread]) {
      for (size_t r = 0; r < replicas.size(); ++r) {
        at::Tensor& slot = (*replicas[r])[i].tensor.mutable_grad();
        gradients[r] = std::move(slot);
        slot = at::Tensor();
      }
      states_[i].GatherGradient(gradients, scale);
      squares[i] = states_[i].SquaredGradientNorm();
    }
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  return at::stack(squares).to(at::kDouble).sum().sqrt().item<double>();
}

absl::Status Optimizer::Update(int64_t step, double rate, double norm) {
  const double clip = norm > options_.clip_norm ? options_.clip_norm / norm : 1;
  if (list_.has_value()) {
    list_->Update(step, rate, clip);
    return absl::OkStatus();
  }
  return team_.Run([&](int thread) {
    for (const size_t i : shares_[thread]) states_[i].Update(step, rate, clip);
    return absl::OkStatus();
  });
}

void Optimizer::ShowAverage() {
  for (ParameterState& state : states_) state.ShowAverage();
}

void Optimizer::ShowMaster() {
  for (ParameterState& state : states_) state.ShowMaster();
}

}  // namespace rill::training
