// The trainable tensors of a network, by name, and the two pieces everything is made of. One thread
// at a time while parameters are added; reading from any thread.
#pragma once

#include <ATen/core/Generator.h>
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

namespace rill::paper {

struct Parameter {
  std::string name;
  at::Tensor tensor;  // a leaf with gradient
};

// y = x weight^T + bias.
struct Dense {
  at::Tensor weight;  // [out, in]
  at::Tensor bias;    // [out]

  at::Tensor operator()(const at::Tensor& x) const;
};

// Layer normalisation over the last dimension (Ba et al., 2016).
struct Norm {
  at::Tensor weight, bias;  // [width]

  at::Tensor operator()(const at::Tensor& x) const;
};

class Parameters {
 public:
  explicit Parameters(uint64_t seed);

  // Uniform in +-limit.
  at::Tensor Add(const std::string& name, at::IntArrayRef shape, double limit);
  at::Tensor AddConstant(const std::string& name, at::IntArrayRef shape, double value);
  Dense AddDense(const std::string& name, int64_t in, int64_t out);
  Norm AddNorm(const std::string& name, int64_t width);

  const std::vector<Parameter>& all() const { return all_; }
  int64_t count() const;  // of numbers

 private:
  at::Tensor Keep(const std::string& name, at::Tensor value);

  at::Generator generator_;
  std::vector<Parameter> all_;
};

}  // namespace rill::paper
