#include "model/paper/network/parameters.h"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>

#include <cmath>
#include <utility>

namespace rill::paper {

using at::Tensor;

Tensor Dense::operator()(const Tensor& x) const { return at::linear(x, weight, bias); }

Tensor Norm::operator()(const Tensor& x) const {
  return at::layer_norm(x, weight.sizes(), weight, bias);
}

Parameters::Parameters(uint64_t seed)
    : generator_(at::make_generator<at::CPUGeneratorImpl>(seed)) {}

Tensor Parameters::Keep(const std::string& name, Tensor value) {
  value.requires_grad_(true);
  all_.push_back({name, std::move(value)});
  return all_.back().tensor;
}

Tensor Parameters::Add(const std::string& name, at::IntArrayRef shape, double limit) {
  return Keep(name, at::empty(shape, at::kFloat).uniform_(-limit, limit, generator_));
}

Tensor Parameters::AddConstant(const std::string& name, at::IntArrayRef shape, double value) {
  return Keep(name, at::full(shape, value, at::kFloat));
}

// The limits that PyTorch's Linear has, which the paper's models began with.
Dense Parameters::AddDense(const std::string& name, int64_t in, int64_t out) {
  const double limit = 1 / std::sqrt(static_cast<double>(in));
  const Tensor weight = Add(name + ".weight", {out, in}, limit);
  return {weight, Add(name + ".bias", {out}, limit)};
}

Norm Parameters::AddNorm(const std::string& name, int64_t width) {
  const Tensor weight = AddConstant(name + ".weight", {width}, 1);
  return {weight, AddConstant(name + ".bias", {width}, 0)};
}

int64_t Parameters::count() const {
  int64_t count = 0;
  for (const Parameter& p : all_) count += p.tensor.numel();
  return count;
}

}  // namespace rill::paper
