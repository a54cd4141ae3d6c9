#include "tests/model/test_model.h"

#include <cmath>
#include <random>

namespace rill {
namespace {

bool EndsWith(const std::string& name, const std::string& ending) {
  return name.size() >= ending.size() &&
         name.compare(name.size() - ending.size(), ending.size(), ending) == 0;
}

struct Distribution {
  float mean;
  float deviation;
};

// Products keep the size of their input; norms and scales lie around 1, biases around 0.
Distribution DistributionOf(const TensorSpec& spec) {
  const std::string& name = spec.name;
  if (name == "features.mean") return {10.0f, 1.0f};
  if (name == "features.inv_std") return {0.3f, 0.02f};
  if (EndsWith(name, "norm") || EndsWith(name, "_scale")) return {1.0f, 0.1f};
  // Memories of a second or so: logsigmoid(3.5) = -0.03 a frame.
  if (EndsWith(name, "decay.bias")) return {3.5f, 0.5f};
  if (EndsWith(name, "sink")) return {0.0f, 1.0f};
  if (EndsWith(name, "bias")) return {0.0f, 0.1f};
  float inputs = 1;
  for (size_t i = 1; i < spec.shape.size(); ++i) inputs *= static_cast<float>(spec.shape[i]);
  const float gain = name == "head.weight" ? 3.0f : 1.0f;
  return {0.0f, gain / std::sqrt(inputs)};
}

}  // namespace

ModelConfig TinyModelConfig() { return *NamedModelConfig("tiny"); }

std::vector<NamedTensor> RandomTensors(const ModelConfig& config, uint32_t seed) {
  std::mt19937 generator(seed);
  std::vector<NamedTensor> tensors;
  for (const TensorSpec& spec : ModelTensors(config)) {
    size_t size = 1;
    for (const int64_t extent : spec.shape) size *= static_cast<size_t>(extent);
    const Distribution distribution = DistributionOf(spec);
    std::normal_distribution<float> normal(distribution.mean, distribution.deviation);
    std::vector<float> values(size);
    for (float& value : values) value = normal(generator);
    tensors.push_back({spec.name, spec.shape, std::move(values)});
  }
  return tensors;
}

absl::Status WriteTestModel(const std::string& path, const ModelConfig& config, uint32_t seed) {
  const std::map<std::string, std::string> metadata = {
      {"rill.name", "test-model"},
      {"rill.language", "en"},
      {"rill.license", "none"},
      {"rill.description", "Random weights, for tests"},
  };
  return WriteModelFile(path, config, metadata, RandomTensors(config, seed), MatrixType::kBFloat16);
}

}  // namespace rill
