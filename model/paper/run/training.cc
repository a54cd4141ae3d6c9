#include "model/paper/run/training.h"

#include <ATen/ATen.h>

#include <cmath>

#include "absl/strings/str_cat.h"
#include "model/paper/run/snapshot.h"
#include "model/progress_bar.h"
#include "model/training/commands/stop_signal.h"

namespace rill::paper {
namespace {

using at::Tensor;

class Run {
 public:
  Run(const TrainingPlan& plan, const Parameters& parameters, RunFolder& folder)
      : plan_(plan),
        parameters_(parameters),
        results_(folder.results()),
        path_(folder.Path(plan.name + ".snapshot")),
        optimizer_(parameters, plan.optimizer) {}

  absl::Status Go();

 private:
  absl::Status Resume();
  absl::Status Update();
  absl::Status Log();
  absl::Status Evaluate();
  absl::Status Save();
  double Rate() const {
    const bool dropped = plan_.drop_after > 0 && progress_.updates >= plan_.drop_after;
    return dropped ? plan_.dropped_rate : plan_.rate;
  }
  void Clip() const;

  const TrainingPlan& plan_;
  const Parameters& parameters_;
  ResultFile& results_;
  const std::string path_;
  RAdam optimizer_;
  TrainingProgress progress_;
  double saved_at_ = 0;  // wall seconds spent
  double loss_sum_ = 0;  // since the last line
  int64_t losses_ = 0;
};

absl::Status Run::Resume() {
  const absl::StatusOr<TrainingProgress> read = ReadSnapshot(path_, parameters_, optimizer_);
  if (read.ok()) {
    progress_ = *read;
  } else if (!absl::IsNotFound(read.status())) {
    return read.status();
  }
  saved_at_ = progress_.spent.wall;
  return results_.Remove([&](const ResultFile::Line& line) {
    return line.value("model", "") == plan_.name &&
           line.value("update", int64_t{0}) > progress_.updates;
  });
}

void Run::Clip() const {
  if (plan_.clip <= 0) return;
  double squares = 0;
  for (const Parameter& p : parameters_.all()) {
    if (p.tensor.grad().defined()) squares += p.tensor.grad().square().sum().item<double>();
  }
  const double norm = std::sqrt(squares);
  if (norm <= plan_.clip) return;
  for (const Parameter& p : parameters_.all()) {
    if (p.tensor.grad().defined()) p.tensor.mutable_grad().mul_(plan_.clip / norm);
  }
}

absl::Status Run::Update() {
  const Clock begin = Clock::Now();
  const absl::StatusOr<Tensor> loss = plan_.loss(progress_.updates);
  if (!loss.ok()) return loss.status();
  const double value = loss->item<double>();
  if (!std::isfinite(value)) {
    return absl::AbortedError(absl::StrCat(plan_.name, ": the loss of update ", progress_.updates,
                                           " is not finite; try a lower rate"));
  }
  loss->backward();
  Clip();
  optimizer_.Step(Rate());
  ++progress_.updates;
  progress_.spent = progress_.spent + (Clock::Now() - begin);
  loss_sum_ += value;
  ++losses_;
  return absl::OkStatus();
}

absl::Status Run::Log() {
  const double mean = loss_sum_ / static_cast<double>(losses_);
  loss_sum_ = 0;
  losses_ = 0;
  return results_.Append({{"model", plan_.name},
                          {"update", progress_.updates},
                          {"loss", mean},
                          {"wall_seconds", progress_.spent.wall},
                          {"cpu_seconds", progress_.spent.cpu}});
}

absl::Status Run::Evaluate() {
  if (!plan_.evaluate) return absl::OkStatus();
  const at::NoGradGuard no_grad;
  ResultFile::Line line = plan_.evaluate();
  line["model"] = plan_.name;
  line["update"] = progress_.updates;
  line["evaluation"] = true;
  return results_.Append(line);
}

absl::Status Run::Save() {
  saved_at_ = progress_.spent.wall;
  return WriteSnapshot(path_, parameters_, optimizer_, progress_);
}

absl::Status Run::Go() {
  if (absl::Status status = Resume(); !status.ok()) return status;
  ProgressBar bar(plan_.name, static_cast<double>(plan_.updates - progress_.updates),
                  progress_.updates < plan_.updates);
  absl::Status status;
  while (status.ok() && progress_.updates < plan_.updates && !training::StopRequested()) {
    status = Update();
    bar.Add(1);
    const bool last = progress_.updates == plan_.updates;
    const auto due = [&](int64_t every) { return every > 0 && progress_.updates % every == 0; };
    if (status.ok() && (last || due(plan_.log_every))) status = Log();
    if (status.ok() && (last || due(plan_.evaluate_every))) status = Evaluate();
    const double since = progress_.spent.wall - saved_at_;
    if (status.ok() && (last || since > plan_.snapshot_seconds)) status = Save();
  }
  if (!status.ok() || progress_.updates >= plan_.updates) return status;
  if (status = Save(); !status.ok()) return status;
  return absl::CancelledError("stopped; the same command goes on");
}

}  // namespace

absl::Status Train(const TrainingPlan& plan, const Parameters& parameters, RunFolder& folder) {
  return Run(plan, parameters, folder).Go();
}

}  // namespace rill::paper
