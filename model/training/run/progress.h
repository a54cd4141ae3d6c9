// How far a run has come: with the tensors of a checkpoint, all that resuming needs. A plain value.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"

namespace rill::training {

struct Progress {
  int64_t step = 0;          // steps done
  int64_t next_batch = 0;    // of the BatchSource
  double audio_seconds = 0;  // trained on
  double wall_seconds = 0;   // spent in the loop, evaluations included

  // A final anneal (rate down to 0) counts from where it began.
  bool annealing = false;
  double anneal_audio_seconds = 0;
  double anneal_wall_seconds = 0;
  int64_t anneal_step = 0;

  double best_error = 1e9;  // lowest mean character error rate of an evaluation so far, percent

  std::string ToJson() const;
  // DataLoss naming the field that is missing or of the wrong type.
  static absl::StatusOr<Progress> FromJson(const std::string& json);
};

}  // namespace rill::training
