#include "model/training/encoder/dropout.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <cstring>

namespace rill::training {
namespace {

// Sixteen bits decide on a value: LibTorch's own draws on a CPU, 64 bits a value and one after the
// other, took a twelfth of a step of size m.
constexpr double kDraws = 65536;

}  // namespace

Dropout::Dropout(double probability, uint64_t key, const at::Device& device)
    : kept_draws_(std::clamp(std::round((1 - probability) * kDraws), 1.0, kDraws - 1)),
      random_({key}) {
  if (device.is_cpu()) return;
  generator_ = at::globalContext().defaultGenerator(device);
  generator_.set_current_seed(key);
}

at::Tensor Dropout::Mask(const at::Tensor& x) {
  if (!x.is_cpu()) {
    return at::empty_like(x.detach()).bernoulli_(kept_draws_ / kDraws, generator_);
  }
  at::Tensor draws = at::empty(x.sizes(), at::kShort);
  char* bytes = reinterpret_cast<char*>(draws.data_ptr<int16_t>());
  const auto size = static_cast<int64_t>(draws.nbytes());
  for (int64_t i = 0; i < size; i += 8) {
    const uint64_t bits = random_.Next();
    std::memcpy(bytes + i, &bits, std::min<int64_t>(size - i, 8));
  }
  return draws.lt(static_cast<int64_t>(kept_draws_ - kDraws / 2)).to(x.scalar_type());
}

at::Tensor Dropout::Apply(const at::Tensor& x) { return x * Mask(x).mul_(kDraws / kept_draws_); }

}  // namespace rill::training
