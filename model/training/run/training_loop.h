// A run from where it stands to its end: steps, log lines, evaluations, checkpoints, and the best
// model so far as FOLDER/best.safetensors. Ends at the schedule's end, after max_steps, or when
// `stop` says so; a checkpoint is written in any case.
//
// Thread rule: one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "model/training/run/checkpoint_folder.h"
#include "model/training/run/evaluation.h"
#include "model/training/run/model_export.h"
#include "model/training/run/run_log.h"
#include "model/training/run/trainer.h"

namespace rill::training {

struct LoopOptions {
  std::string folder;
  Schedule schedule;
  int64_t max_steps = 0;  // of this process; 0: no bound
  int64_t log_steps = 20;
  double evaluate_seconds = 1800;
  double checkpoint_seconds = 600;
  int64_t keep_every = 24;  // checkpoints; see CheckpointFolder
  int chunk_frames = 8;     // in evaluations
  ExportOptions best;
  std::function<bool()> stop = [] { return false; };
};

class TrainingLoop {
 public:
  // All references outlive it. `header`: a checkpoint's config, statistics and options; the rest is
  // filled in.
  TrainingLoop(Trainer& trainer, BatchSource& source, const std::vector<EvaluationSet>& sets,
               Checkpoint header, RunLog& log, LoopOptions options);

  absl::Status Run();

 private:
  bool Finished() const;
  double ScheduleProgress() const;
  absl::Status TakeStep();
  absl::Status EvaluateNow();
  absl::Status SaveNow();
  // On the way: a full disk must not end a run that may find room later.
  void SaveOrNote();
  Checkpoint MakeCheckpoint() const;

  Trainer& trainer_;
  BatchSource& source_;
  const std::vector<EvaluationSet>& sets_;
  const Checkpoint header_;
  RunLog& log_;
  const LoopOptions options_;
  CheckpointFolder checkpoints_;
  int64_t steps_here_ = 0;
  int64_t bad_steps_ = 0;  // in a row
  int64_t saved_step_;
  int64_t evaluated_step_ = -1;
  double saved_at_ = 0;      // wall seconds of the run
  double evaluated_at_ = 0;  // likewise
};

}  // namespace rill::training
