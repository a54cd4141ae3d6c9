// What training asks of a network: its parameters, and outputs for whole sequences. Const calls
// from any thread.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "model/paper/network/parameters.h"

namespace rill::paper {

class Network {
 public:
  virtual ~Network() = default;

  virtual const Parameters& parameters() const = 0;

  // inputs: [batch, positions] ids, or [batch, positions, features]. lengths: [batch] int64, of
  // what is no padding; undefined: none is padding. seed: of what the network draws at random.
  // Returns [batch, positions, outputs].
  virtual at::Tensor Forward(const at::Tensor& inputs, const at::Tensor& lengths,
                             uint64_t seed) const = 0;
};

}  // namespace rill::paper
