// Rectified Adam: L. Liu et al., "On the variance of the adaptive learning rate and beyond" (ICLR
// 2020), algorithm 2; without rectification, plain Adam (Kingma and Ba, 2015). One thread at a
// time.
#pragma once

#include <cstdint>
#include <vector>

#include "model/paper/network/parameters.h"

namespace rill::paper {

class RAdam {
 public:
  struct Options {
    bool rectify = true;
    double beta1 = 0.9;
    double beta2 = 0.999;
    double epsilon = 1e-8;
  };

  RAdam(const Parameters& parameters, const Options& options);

  // One step along the parameters' gradients, which are cleared.
  void Step(double rate);

  int64_t steps() const { return steps_; }
  // All that a later process needs, in the order of the parameters: first moments, then second.
  std::vector<at::Tensor> moments() const;
  void Resume(int64_t steps) { steps_ = steps; }

 private:
  const std::vector<Parameter> parameters_;
  const Options options_;
  std::vector<at::Tensor> first_, second_;
  int64_t steps_ = 0;
};

}  // namespace rill::paper
