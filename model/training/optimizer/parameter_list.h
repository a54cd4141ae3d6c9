// The arithmetic of many ParameterStates at once, in LibTorch's operations over lists of tensors
// and products of many matrices: on a GPU a step of hundreds of small parameters is otherwise
// thousands of launches, which take longer than what they launch. The results are those of the
// states' own functions, but for rounding.
//
// Thread rule: one thread at a time. It shares the states' tensors, and so does what they do later.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "model/training/optimizer/parameter_state.h"

namespace rill::training {

class ParameterList {
 public:
  ParameterList(std::vector<ParameterState>& states, const OptimizerOptions& options);

  // As Optimizer::Gather.
  double Gather(const std::vector<std::vector<Parameter>*>& replicas, double scale);
  // One step with the gathered gradients times `clip`. `step` counts from 0.
  void Update(int64_t step, double rate, double clip);

 private:
  using Tensors = std::vector<at::Tensor>;
  // Muon's matrices of one size, which are orthogonalised together.
  struct Alike {
    std::vector<size_t> places;  // in muon_
    std::vector<int64_t> parts;
    int64_t rows, columns;
  };

  void UpdateMuon(double rate);
  void UpdateAdam(int64_t step, double rate);

  OptimizerOptions options_;
  Tensors gradients_, masters_, averages_, computes_;  // of all
  Tensors decaying_;                                   // masters
  struct {
    Tensors gradients, masters, momenta;
  } muon_;
  struct {
    Tensors gradients, masters, momenta, squares;
  } adam_;
  std::vector<Alike> alike_;
  at::ScalarType muon_type_ = at::kFloat;
};

}  // namespace rill::training
