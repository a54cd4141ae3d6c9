#include "model/encoder/dense_layer.h"

#include "absl/strings/str_cat.h"

namespace rill {

using kernels::PackedLinear;

absl::StatusOr<std::unique_ptr<PackedLinear>> MakeDenseLayer(const ModelFile& file,
                                                             const std::string& name,
                                                             const std::vector<float>& weight,
                                                             int64_t outputs,
                                                             const DenseLayerOptions& options) {
  std::vector<float> bias;
  if (!options.bias.empty()) bias = file.Tensor(options.bias);
  auto layer = PackedLinear::Create(weight.data(), bias.empty() ? nullptr : bias.data(), outputs,
                                    static_cast<int64_t>(weight.size()) / outputs,
                                    options.activation, options.precision);
  if (layer.ok()) return layer;
  return absl::Status(layer.status().code(), absl::StrCat("model file ", file.path(), ": tensor \"",
                                                          name, "\": ", layer.status().message()));
}

absl::StatusOr<std::unique_ptr<PackedLinear>> LoadDenseLayer(const ModelFile& file,
                                                             const std::string& weight,
                                                             const DenseLayerOptions& options) {
  return MakeDenseLayer(file, weight, file.Tensor(weight), file.Shape(weight)[0], options);
}

}  // namespace rill
