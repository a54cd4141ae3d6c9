// From a checkpoint to a model file that the server loads. Pure functions; any thread.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "model/file/model_file.h"
#include "model/training/run/checkpoint.h"

namespace rill::training {

struct ExportOptions {
  bool average = true;  // the moving average of the weights; else the last weights
  MatrixType matrices = MatrixType::kBFloat16;
  // Models of the same size whose weights are averaged with the checkpoint's, all alike: ends of
  // runs that began with one another lie in one valley, and their mean is often better than each
  // (M. Wortsman et al., "Model soups", ICML 2022).
  std::vector<const ModelFile*> average_with;
  // "rill.name", "rill.license" and the other keys of model_file.h. "rill.description" is made up
  // if missing.
  std::map<std::string, std::string> metadata;
};

// Leaves out what only training needs (the optimiser's state, the head in the middle).
// InvalidArgument names a model that is not of the checkpoint's size, outputs or statistics.
absl::Status ExportModel(const Checkpoint& checkpoint, const ExportOptions& options,
                         const std::string& path);

}  // namespace rill::training
