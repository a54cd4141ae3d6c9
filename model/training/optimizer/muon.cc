#include "model/training/optimizer/muon.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <string_view>

namespace rill::training {

at::Tensor Orthogonalize(const at::Tensor& matrix, int steps, at::ScalarType compute) {
  // The quintic a x + b x^3 + c x^5 of the publication: steepest at 0, at the price of ending near
  // 1 rather than at 1.
  constexpr double kA = 3.4445, kB = -4.7750, kC = 2.0315;
  if (matrix.dim() == 2) return Orthogonalize(matrix.unsqueeze(0), steps, compute).squeeze(0);
  const bool tall = matrix.size(-2) > matrix.size(-1);
  at::Tensor x = tall ? matrix.transpose(-2, -1) : matrix;
  const at::Tensor norm = x.square().sum({-2, -1}, /*keepdim=*/true).sqrt();
  x = (x / (norm + 1e-7)).to(compute).contiguous();
  for (int i = 0; i < steps; ++i) {
    const at::Tensor a = at::bmm(x, x.transpose(-2, -1));
    const at::Tensor b = at::baddbmm(a, a, a, kB, kC);
    x = at::baddbmm(x, b, x, kA, 1);
  }
  if (tall) x = x.transpose(-2, -1);
  return x.to(at::kFloat);
}

int64_t FusedParts(const std::string& name, int64_t rows, int64_t attention_width) {
  const std::string_view view = name;
  if (view.ends_with("attention.qkvg.weight")) return rows / attention_width;
  if (view.ends_with("conv.up.weight")) return 2;
  return 1;
}

at::Tensor MuonDirection(const at::Tensor& momenta, int steps, at::ScalarType compute) {
  const int64_t longest = std::max(momenta.size(1), momenta.size(2));
  return Orthogonalize(momenta, steps, compute).mul_(0.2 * std::sqrt(double(longest)));
}

}  // namespace rill::training
