// One parameter under training: its float master copy, the gradient of the step, the optimiser's
// state and the moving average. The compute tensor of the module (float or bf16) is written from
// the master after every step.
//
// Muon (muon.h; Nesterov momentum) for block matrices unless it is switched off; AdamW (I.
// Loshchilov, F. Hutter, ICLR 2019) for all others. Weight decay is decoupled, and spares norms,
// biases, scales and sinks.
//
// Thread rule: one thread at a time for each parameter; different parameters may be stepped by
// different threads.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "model/training/encoder/encoder_module.h"

namespace rill::training {

struct OptimizerOptions {
  bool muon = true;  // for block matrices; false: AdamW for them, too
  double weight_decay = 0.05;
  double muon_momentum = 0.95;
  int newton_schulz_steps = 5;
  double adam_beta1 = 0.9;
  double adam_beta2 = 0.98;
  double adam_epsilon = 1e-8;
  double clip_norm = 5;  // of the gradient over all parameters
  double average_decay = 0.999;
};

// Of the moving average in a step. In the first steps a slow one would still hold the random start.
double AverageDecay(const OptimizerOptions& options, int64_t step);

class ParameterState {
 public:
  // `attention_width`: see FusedParts.
  ParameterState(const Parameter& parameter, int64_t attention_width,
                 const OptimizerOptions& options);

  // Adds up the replicas' gradients (undefined ones are zero) in their order, times `scale`.
  void GatherGradient(const std::vector<at::Tensor>& gradients, double scale);
  // Float scalar.
  at::Tensor SquaredGradientNorm() const;

  // One step with the gathered gradient times `clip`. `step` counts from 0.
  void Update(int64_t step, double rate, double clip);

  // Writes the moving average, or the master, into the compute tensor.
  void ShowAverage();
  void ShowMaster();
  // After the master was replaced from outside: the average starts anew from it.
  void RestartAverage();

  const std::string& name() const { return name_; }
  const at::Tensor& master() const { return master_; }
  const at::Tensor& gradient() const { return gradient_; }
  // About how much work Update() is, for sharing parameters out among threads.
  double cost() const;

  // Everything a checkpoint must hold, by kind: "master", "average", "momentum", "square".
  std::vector<std::pair<std::string, at::Tensor>> Tensors() const;

 private:
  friend class ParameterList;

  void UpdateMuon(double rate);
  void UpdateAdam(int64_t step, double rate);

  std::string name_;
  OptimizerOptions options_;
  bool by_muon_;
  bool decays_;
  int64_t parts_;           // equal row blocks that are matrices in their own right
  at::ScalarType compute_;  // of Newton-Schulz
  at::Tensor tensor_;       // the module's own
  at::Tensor master_, average_, gradient_, momentum_;
  at::Tensor square_;  // AdamW only
};

}  // namespace rill::training
