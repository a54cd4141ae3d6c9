// A training run between two updates, in one file: parameters, the optimiser's moments, and how far
// it is. Written in one atomic step. One thread at a time.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "model/paper/network/parameters.h"
#include "model/paper/network/radam.h"
#include "model/paper/run/clock.h"

namespace rill::paper {

struct TrainingProgress {
  int64_t updates = 0;
  Clock spent = {};  // in updates; evaluations not counted
};

// Errors name the path.
absl::Status WriteSnapshot(const std::string& path, const Parameters& parameters,
                           const RAdam& optimizer, const TrainingProgress& progress);

// Into the parameters and the optimiser. NotFound if there is no such file; DataLoss if it is
// damaged or of another network.
absl::StatusOr<TrainingProgress> ReadSnapshot(const std::string& path, const Parameters& parameters,
                                              RAdam& optimizer);

}  // namespace rill::paper
