#include "model/training/run/training_loop.h"

#include <chrono>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/str_cat.h"

namespace rill::training {
namespace {

// A run whose gradients stay infinite or NaN for so long will not heal.
constexpr int64_t kMaxBadSteps = 20;

class Stopwatch {
 public:
  double Seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace

TrainingLoop::TrainingLoop(Trainer& trainer, BatchSource& source,
                           const std::vector<EvaluationSet>& sets, Checkpoint header, RunLog& log,
                           LoopOptions options)
    : trainer_(trainer),
      source_(source),
      sets_(sets),
      header_(std::move(header)),
      log_(log),
      options_(std::move(options)),
      checkpoints_(options_.folder, options_.keep_every),
      saved_step_(trainer.progress().step),
      saved_at_(trainer.progress().wall_seconds),
      evaluated_at_(trainer.progress().wall_seconds) {}

double TrainingLoop::ScheduleProgress() const {
  return trainer_.ScheduleProgress(options_.schedule);
}

bool TrainingLoop::Finished() const {
  return ScheduleProgress() >= 1 || (options_.max_steps > 0 && steps_here_ >= options_.max_steps);
}

absl::Status TrainingLoop::Run() {
  const double wall_before = trainer_.progress().wall_seconds;
  const Stopwatch watch;
  const auto tick = [&] { trainer_.progress().wall_seconds = wall_before + watch.Seconds(); };
  absl::Status status;
  while (status.ok() && !options_.stop() && !Finished()) {
    status = TakeStep();
    tick();
    if (!status.ok()) break;
    const double now = trainer_.progress().wall_seconds;
    if (now - evaluated_at_ >= options_.evaluate_seconds) status = EvaluateNow();
    if (status.ok() && now - saved_at_ >= options_.checkpoint_seconds) SaveOrNote();
    tick();
  }
  if (!status.ok()) return status;
  if (!options_.stop() && evaluated_step_ != trainer_.progress().step) status = EvaluateNow();
  tick();
  if (status.ok() && saved_step_ != trainer_.progress().step) status = SaveNow();
  log_.Note(absl::StrCat(ScheduleProgress() >= 1 ? "the run has ended" : "stopped", " after step ",
                         trainer_.progress().step,
                         ScheduleProgress() >= 1 ? "" : "; the same command goes on"));
  log_.Event("end", {{"step", trainer_.progress().step}, {"finished", Finished()}});
  return status;
}

absl::Status TrainingLoop::TakeStep() {
  const absl::StatusOr<StepResult> result = trainer_.Step(source_, options_.schedule);
  if (!result.ok()) return result.status();
  ++steps_here_;
  bad_steps_ = result->applied ? 0 : bad_steps_ + 1;
  log_.Step(*result, trainer_.progress(), ScheduleProgress(), options_.log_steps);
  if (bad_steps_ < kMaxBadSteps) return absl::OkStatus();
  return absl::AbortedError(
      absl::StrCat(kMaxBadSteps,
                   " steps in a row gave no finite gradient; the last checkpoint is from before: "
                   "go on from an older one with a lower --rate, or look at the data"));
}

absl::Status TrainingLoop::EvaluateNow() {
  Progress& progress = trainer_.progress();
  evaluated_at_ = progress.wall_seconds;
  evaluated_step_ = progress.step;
  if (sets_.empty()) return absl::OkStatus();
  trainer_.ShowAverage();
  const absl::StatusOr<EvaluationTable> table =
      Evaluate(trainer_, sets_, header_.config, options_.chunk_frames);
  trainer_.ShowMaster();
  if (!table.ok()) return table.status();
  const double error = MeanCharacterErrorRate(*table);
  const bool best = error < progress.best_error;
  if (best) progress.best_error = error;
  log_.Evaluated(*table, progress, best);
  if (!best) return absl::OkStatus();
  const absl::Status status =
      ExportModel(MakeCheckpoint(), options_.best, options_.folder + "/best.safetensors");
  if (!status.ok()) log_.Note(absl::StrCat("best.safetensors is not written: ", status.message()));
  return absl::OkStatus();
}

absl::Status TrainingLoop::SaveNow() {
  const absl::StatusOr<std::string> path = checkpoints_.Save(MakeCheckpoint());
  if (!path.ok()) return path.status();
  saved_at_ = trainer_.progress().wall_seconds;
  saved_step_ = trainer_.progress().step;
  log_.Event("checkpoint", {{"step", saved_step_}, {"path", *path}});
  return absl::OkStatus();
}

void TrainingLoop::SaveOrNote() {
  const absl::Status status = SaveNow();
  if (status.ok()) return;
  log_.Note(absl::StrCat("no checkpoint this time, going on: ", status.message()));
  saved_at_ = trainer_.progress().wall_seconds;
}

Checkpoint TrainingLoop::MakeCheckpoint() const {
  Checkpoint checkpoint = header_;
  checkpoint.progress = trainer_.progress();
  checkpoint.tensors = trainer_.Tensors();
  return checkpoint;
}

}  // namespace rill::training
