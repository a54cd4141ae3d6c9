// Dense layers for serving: y = act(x W^T + bias) with weights packed once for this processor
// (oneDNN), in float, bf16 or int8. A PackedLinear is immutable after Create; any number of threads
// may run it, each with its own MatmulScratch.
//
// Rows are computed in tiles of a fixed number of rows, the last one padded, so that a row's sum
// order - and so every bit of its result - never depends on how many rows came along.
#pragma once

#include <cstdint>
#include <memory>

#include "absl/status/statusor.h"
#include "kernels/precision.h"

namespace rill::kernels {

enum class Activation { kNone, kSilu };

class MatmulScratch;  // a thread's working memory: the padded tile and the converted input

std::unique_ptr<MatmulScratch, void (*)(MatmulScratch*)> NewMatmulScratch();

class PackedLinear {
 public:
  // weight: [outputs, inputs] row-major float; bias: [outputs] or null. kAuto: kBFloat16 where
  // HasFastBFloat16(), else kFloat.
  static absl::StatusOr<std::unique_ptr<PackedLinear>> Create(const float* weight,
                                                              const float* bias, int64_t outputs,
                                                              int64_t inputs, Activation activation,
                                                              MatmulPrecision precision);
  ~PackedLinear();

  // x: [rows, inputs] float, y: [rows, outputs] float, both dense.
  void Run(int64_t rows, const float* x, float* y, MatmulScratch& scratch) const;

  int64_t inputs() const;
  int64_t outputs() const;
  // Rows a tile: the unit to which callers should round their batches.
  int64_t tile_rows() const;
  MatmulPrecision precision() const;

 private:
  class Impl;
  explicit PackedLinear(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace rill::kernels
