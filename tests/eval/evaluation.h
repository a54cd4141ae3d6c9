// Runs corpora through a server under many conditions. One thread calls it; it starts its own.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/connection.h"
#include "model/training/data/manifest.h"
#include "rill/v1/rill.pb.h"
#include "tests/eval/condition.h"
#include "tests/eval/score.h"
#include "tests/eval/stream_plan.h"

namespace rill::eval {

struct EvaluationOptions {
  client::Connection connection;
  v1::RecognitionConfig recognition;
  int jobs = 8;                // streams at the same time
  bool live = false;           // at the pace of speech, which gives latencies
  double stream_minutes = 0;   // see PlanStreams
  double pause_seconds = 0.5;  // of silence after each clip that is joined to others
};

// A corpus as a server heard it, in the order of PlanStreams. Errors name the clip's file.
// `on_done`, from any thread: so many seconds of audio are done.
absl::StatusOr<std::vector<Heard>> Evaluate(const training::Manifest& corpus,
                                            const Condition& condition, NoiseSource* noise,
                                            const EvaluationOptions& options,
                                            const std::function<void(double)>& on_done);

}  // namespace rill::eval
