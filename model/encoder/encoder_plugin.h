// What a plug-in library that brings an encoder for another device has to offer, and what it gets.
// The library links nothing of rill's: models are read by the program. Both are made by one build:
// `version` says which.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "model/encoder/encoder_backend.h"
#include "model/file/model_config.h"

namespace rill {

// An open model file, for as long as the back end is being made.
struct EncoderModel {
  ModelConfig config;
  StateLayout layout;
  std::vector<float> initial_state;                              // [layout.total]
  std::function<std::vector<float>(const std::string&)> tensor;  // as ModelFile::Tensor
};

struct EncoderPlugin {
  const char* version;  // of rill
  // How many devices there are. Unavailable: none can be used, and why not.
  absl::StatusOr<int> (*count_devices)();
  // Unimplemented: the model's sizes are not what the device's kernels take.
  absl::StatusOr<std::unique_ptr<EncoderBackend>> (*make_backend)(const EncoderModel& model,
                                                                  const EncoderOptions& options,
                                                                  int device);
};

// The library's only symbol: const EncoderPlugin* rill_encoder_plugin().
inline constexpr char kEncoderPluginSymbol[] = "rill_encoder_plugin";

}  // namespace rill
