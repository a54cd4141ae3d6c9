// Dense layers on the device, y = act(x W^T + bias), summed in float: the twin of PackedLinear
// (kernels/cpu/matmul.h), with cuBLASLt. X and Y, of what comes in and goes out, are float or
// BFloat16; the weights are of X, the bias of Y. Immutable after Create; any thread.
//
// A row's result is to depend on that row only, bit for bit, however many come along (decision
// 002): one algorithm serves every number of rows, and one that cuts no sum in parts.
#pragma once

#include <cuda_runtime.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "kernels/bfloat16.h"

namespace rill::kernels::cuda {

// cuBLASLt on the device that is current when it is made. Any thread.
class LinearLibrary;
absl::StatusOr<std::shared_ptr<LinearLibrary>> OpenLinearLibrary();

struct LinearSpec {
  int64_t outputs = 0, inputs = 0;
  std::vector<float> weight;  // [outputs, inputs]
  std::vector<float> bias;    // [outputs], or empty: none
  bool relu = false;          // only with a bias
  int64_t least_rows = 1;     // of all calls
  int64_t most_rows = 1;      // of all calls; what the algorithm is chosen for
};

template <typename X, typename Y>
class Linear {
 public:
  static absl::StatusOr<std::unique_ptr<Linear>> Create(std::shared_ptr<LinearLibrary> library,
                                                        const LinearSpec& spec);
  ~Linear();

  // x: [rows, inputs], y: [rows, outputs] on the device. Queues work on `stream`.
  absl::Status Run(int64_t rows, const X* x, Y* y, cudaStream_t stream) const;

 private:
  class Impl;
  explicit Linear(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Values of T, rounded from floats.
template <typename T>
std::vector<T> RoundAll(const std::vector<float>& values) {
  std::vector<T> rounded;
  rounded.reserve(values.size());
  for (const float value : values) rounded.push_back(FromFloat<T>(value));
  return rounded;
}

}  // namespace rill::kernels::cuda
