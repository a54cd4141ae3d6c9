// Dropout (N. Srivastava et al., JMLR 2014) whose draws depend on nothing but a key, so that a run
// that is resumed draws the same.
//
// Thread rule: one thread at a time; on a GPU one object in the process, since it seeds and uses
// the generator that the device has.
#pragma once

#include <ATen/core/Generator.h>
#include <ATen/core/Tensor.h>

#include <cstdint>

#include "model/training/data/random.h"

namespace rill::training {

class Dropout {
 public:
  // probability: in [0, 1), of each value to become 0; the others grow by 1 / (1 - probability). It
  // is rounded to 1/65,536, of which it is one at least.
  Dropout(double probability, uint64_t key, const at::Device& device);

  at::Tensor Apply(const at::Tensor& x);

 private:
  at::Tensor Mask(const at::Tensor& x);

  double kept_draws_;  // of 65,536
  Random random_;
  at::Generator generator_;  // of a GPU
};

}  // namespace rill::training
