// What a run tells: a line every few steps for people, and metrics.jsonl in the run's folder for
// programs (one JSON object a line, with an "event" each: start, step, evaluation, checkpoint,
// end).
//
// Thread rule: one thread.
#pragma once

#include <chrono>
#include <fstream>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "model/training/run/evaluation.h"
#include "model/training/run/trainer.h"

namespace rill::training {

class RunLog {
 public:
  // Appends to FOLDER/metrics.jsonl.
  static absl::StatusOr<RunLog> Open(const std::string& folder);

  void Note(const std::string& text);  // for people only
  void Event(const std::string& event, nlohmann::json fields);

  // Every `interval` steps: means since the last line. `progress`: of the schedule, 0 if it has no
  // end.
  void Step(const StepResult& step, const Progress& run, double progress, int64_t interval);
  void Evaluated(const EvaluationTable& table, const Progress& run, bool best);

 private:
  struct Window {
    int64_t characters = 0;
    int64_t skipped = 0;
    int64_t not_applied = 0;  // steps; their losses do not count
    double top = 0;
    double letters = 0;
    double intermediate = 0;
    double crf = 0;
    double mwer = 0;
    double words = 0;
    double consistency = 0;
    double teacher = 0;
    double audio_seconds = 0;
    double largest_norm = 0;
  };
  struct Clock {
    double wall = 0;
    double cpu = 0;
    static Clock Now();
  };

  RunLog() = default;

  std::ofstream metrics_;
  Window window_;
  Clock window_start_ = Clock::Now();
  std::optional<std::pair<double, double>> first_;  // wall seconds, progress
};

}  // namespace rill::training
