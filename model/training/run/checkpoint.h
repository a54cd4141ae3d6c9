// A training checkpoint in one file, in the safetensors format (any Python can open it): strings in
// "__metadata__", float tensors, and SHA-256 sums over both, so that damage is found before
// anything is used.
//
// Thread rule: plain values and pure functions; any thread, a file at a time.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "model/file/model_config.h"
#include "model/file/model_file.h"
#include "model/training/data/feature_statistics.h"
#include "model/training/run/progress.h"

namespace rill::training {

struct Checkpoint {
  ModelConfig config;
  Progress progress;
  FeatureStatistics statistics;
  std::string options;  // of the program that wrote it, as TOML; for people
  // "KIND.PARAMETER", kinds as in ParameterState::Tensors().
  std::vector<NamedTensor> tensors;

  // Null if there is none of that name.
  const NamedTensor* Find(const std::string& name) const;
};

// In one atomic step: temporary file, fsync, rename. Errors name the path.
absl::Status WriteCheckpoint(const std::string& path, const Checkpoint& checkpoint);

// DataLoss naming the path if the file is damaged in any byte.
absl::StatusOr<Checkpoint> ReadCheckpoint(const std::string& path);

}  // namespace rill::training
