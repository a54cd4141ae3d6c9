// Muon's step direction for a weight matrix: the gradient's momentum, orthogonalised by a quintic
// Newton-Schulz iteration (K. Jordan et al., "Muon: An optimizer for hidden layers in neural
// networks", 2024).
//
// Thread rule: pure functions; any thread.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>

namespace rill::training {

// About U V^T for matrix = U S V^T: `steps` rounds bring singular values to between 0.7 and 1.2.
// matrix: [rows, cols] or [parts, rows, cols] float; the products run in `compute`. Float result.
at::Tensor Orthogonalize(const at::Tensor& matrix, int steps, at::ScalarType compute);

// How many equal row blocks of a fused matrix are matrices in their own right: 4 for query, key,
// value and gate (3 in paper mode, without the gate), 2 for a GLU's halves, else 1.
int64_t FusedParts(const std::string& name, int64_t rows, int64_t attention_width);

// Orthogonalises each of the matrices [matrices, rows, cols] apart, and scales them by
// 0.2 sqrt(max(rows, cols)): an update as large as AdamW's, so that one rate serves both.
at::Tensor MuonDirection(const at::Tensor& momenta, int steps, at::ScalarType compute);

}  // namespace rill::training
