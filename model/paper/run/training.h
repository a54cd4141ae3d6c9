// Trains one network for a number of updates: the loss curve and evaluations as lines of the result
// file, a snapshot now and then and at the end. Stopped and started again, it goes on as if nothing
// had happened.
//
// Thread rule: one thread.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "model/paper/network/network.h"
#include "model/paper/network/radam.h"
#include "model/paper/run/run_folder.h"

namespace rill::paper {

struct TrainingPlan {
  std::string name;  // of the network: "model" in the result lines
  int64_t updates = 0;
  double rate = 1e-3;
  int64_t drop_after = 0;  // updates; then the rate is `dropped_rate`; 0: never
  double dropped_rate = 1e-4;
  double clip = 0;  // the gradient's norm; 0: never
  RAdam::Options optimizer;
  int64_t log_every = 20;
  int64_t evaluate_every = 0;  // 0: at the end only
  double snapshot_seconds = 120;

  // The loss of update `number`'s batch, from 0: a function of the number alone.
  std::function<absl::StatusOr<at::Tensor>(int64_t number)> loss;
  std::function<ResultFile::Line()> evaluate;  // fields of its line; unset: none
};

// Cancelled if a signal asked to stop; Aborted if the loss is no longer finite.
absl::Status Train(const TrainingPlan& plan, const Parameters& parameters, RunFolder& folder);

}  // namespace rill::paper
