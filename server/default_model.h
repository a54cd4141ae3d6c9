// Finds the models that came with the server.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace rill::server {

// Where it may be: share/rill/models beside the folder of the running binary, then the source tree
// it was built from.
std::vector<std::filesystem::path> ModelFolders();

// In the first folder that has any model file (*.safetensors): "default.safetensors", else the only
// one. NotFound: there is none, or several; the message says where it looked and what to do.
absl::StatusOr<std::string> FindDefaultModel(const std::vector<std::filesystem::path>& folders);

// The language model (*.rlm) in the folder of a model file; empty if there is none. NotFound: there
// are several, so that --language-model must name one.
absl::StatusOr<std::string> FindLanguageModel(const std::string& model_path);

}  // namespace rill::server
