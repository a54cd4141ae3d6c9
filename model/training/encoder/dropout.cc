#include "model/training/encoder/dropout.h"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>

namespace rill::training {
namespace {

at::Generator GeneratorOf(const at::Device& device, uint64_t key) {
  if (device.is_cpu()) return at::detail::createCPUGenerator(key);
  at::Generator generator = at::globalContext().defaultGenerator(device);
  generator.set_current_seed(key);
  return generator;
}

}  // namespace

Dropout::Dropout(double probability, uint64_t key, const at::Device& device)
    : keep_(1 - probability), generator_(GeneratorOf(device, key)) {}

at::Tensor Dropout::Apply(const at::Tensor& x) {
  return x * at::empty_like(x.detach()).bernoulli_(keep_, generator_).div_(keep_);
}

}  // namespace rill::training
