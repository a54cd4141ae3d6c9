// Makes the encoder's dense layers from a model file. Pure functions; any thread.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "kernels/cpu/matmul.h"
#include "model/file/model_file.h"

namespace rill {

struct DenseLayerOptions {
  std::string bias;  // the bias's tensor name; empty: none
  kernels::Activation activation = kernels::Activation::kNone;
  kernels::MatmulPrecision precision = kernels::MatmulPrecision::kFloat;
};

// The errors of PackedLinear::Create, with the tensor's name. The outputs are the first extent of
// `weight`.
absl::StatusOr<std::unique_ptr<kernels::PackedLinear>> LoadDenseLayer(
    const ModelFile& file, const std::string& weight, const DenseLayerOptions& options);

// The same of weights already in memory: [outputs, inputs], named in errors.
absl::StatusOr<std::unique_ptr<kernels::PackedLinear>> MakeDenseLayer(
    const ModelFile& file, const std::string& name, const std::vector<float>& weight,
    int64_t outputs, const DenseLayerOptions& options);

}  // namespace rill
