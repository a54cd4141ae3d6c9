// A tiny model with seeded random weights, for tests that need a model file but not its words: its
// output is babble, the same for the same seed. For any room's tests; pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "model/file/model_config.h"
#include "model/file/model_file.h"

namespace rill {

// NamedModelConfig("tiny").
ModelConfig TinyModelConfig();

// Every tensor of the model, drawn so that activations stay near 1 and letters change often.
std::vector<NamedTensor> RandomTensors(const ModelConfig& config, uint32_t seed);

// RandomTensors in a model file named "test-model".
absl::Status WriteTestModel(const std::string& path, const ModelConfig& config = TinyModelConfig(),
                            uint32_t seed = 1);

}  // namespace rill
