// From a checkpoint to a model file that the server loads. Pure functions; any thread.
#pragma once

#include <map>
#include <string>

#include "absl/status/status.h"
#include "model/training/run/checkpoint.h"

namespace rill::training {

struct ExportOptions {
  bool average = true;   // the moving average of the weights; else the last weights
  bool bfloat16 = true;  // matrices in half the space
  // "rill.name", "rill.license" and the other keys of model_file.h. "rill.description" is made up
  // if missing.
  std::map<std::string, std::string> metadata;
};

// Leaves out what only training needs (the optimiser's state, the head in the middle).
absl::Status ExportModel(const Checkpoint& checkpoint, const ExportOptions& options,
                         const std::string& path);

}  // namespace rill::training
