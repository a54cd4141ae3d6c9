#include "model/training/run/run_log.h"

#include <sys/resource.h>

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"

namespace rill::training {
namespace {

std::string Duration(double seconds) {
  const int64_t minutes = static_cast<int64_t>(seconds / 60 + 0.5);
  if (minutes < 60) return absl::StrCat(minutes, " min");
  return absl::StrFormat("%d h %02d min", minutes / 60, minutes % 60);
}

}  // namespace

RunLog::Clock RunLog::Clock::Now() {
  rusage usage = {};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) { return t.tv_sec + 1e-6 * t.tv_usec; };
  const std::chrono::duration<double> wall = std::chrono::steady_clock::now().time_since_epoch();
  return {wall.count(), seconds(usage.ru_utime) + seconds(usage.ru_stime)};
}

absl::StatusOr<RunLog> RunLog::Open(const std::string& folder) {
  RunLog log;
  const std::string path = absl::StrCat(folder, "/metrics.jsonl");
  log.metrics_.open(path, std::ios::app);
  if (!log.metrics_) return absl::UnavailableError(absl::StrCat("cannot write ", path));
  return log;
}

void RunLog::Note(const std::string& text) { absl::FPrintF(stderr, "%s\n", text); }

void RunLog::Event(const std::string& event, nlohmann::json fields) {
  fields["event"] = event;
  metrics_ << fields.dump() << std::endl;
}

void RunLog::Step(const StepResult& step, const Progress& run, double progress, int64_t interval) {
  window_.audio_seconds += step.audio_seconds;
  if (step.applied) {
    window_.characters += step.characters;
    window_.skipped += step.skipped;
    window_.top += step.top;
    window_.letters += step.letters;
    window_.intermediate += step.intermediate;
    window_.crf += step.crf;
    window_.mwer += step.mwer;
    window_.words += step.words;
    window_.consistency += step.consistency;
    window_.teacher += step.teacher;
    window_.largest_norm = std::max(window_.largest_norm, step.gradient_norm);
  } else {
    ++window_.not_applied;
  }
  if (!first_) first_ = {run.wall_seconds, progress};
  if (run.step % interval != 0) return;

  const Clock now = Clock::Now();
  const double wall = now.wall - window_start_.wall;
  const double cpu = now.cpu - window_start_.cpu;
  const double characters = static_cast<double>(std::max<int64_t>(window_.characters, 1));
  const double top = window_.top / characters;
  const double letters = window_.letters / characters;
  const double intermediate = window_.intermediate / characters;
  const double crf = window_.crf / characters;
  const double consistency = window_.consistency / characters;
  const double word_errors = window_.words > 0 ? window_.mwer / window_.words : 0;
  const double teacher = window_.teacher / characters;
  const double audio_hours = run.audio_seconds / 3600;
  const double speed = window_.audio_seconds / wall;
  const double cpu_speed = window_.audio_seconds / cpu;
  std::vector<std::string> parts;
  const auto part = [&parts](absl::string_view name, double value) {
    if (value != 0) parts.push_back(absl::StrFormat("%s %.3f", name, value));
  };
  part("letters", letters);
  part("middle", intermediate);
  part("CRF", crf);
  part("word errors", word_errors);
  part("between views", consistency);
  part("teacher", teacher);
  std::string line = absl::StrFormat("step %d  loss %.3f", run.step, top);
  if (!parts.empty()) absl::StrAppend(&line, " (", absl::StrJoin(parts, ", "), ")");
  absl::StrAppendFormat(
      &line, "  norm %.2f  rate %.2e  %.2f h of audio at %.0f x real time, %.0f s a CPU second",
      step.gradient_norm, step.rate, audio_hours, speed, cpu_speed);
  const double gained = progress - first_->second;
  const double left =
      gained > 0 && progress < 1 ? (run.wall_seconds - first_->first) * (1 - progress) / gained : 0;
  if (left > 0) absl::StrAppend(&line, ", ", Duration(left), " to go");
  if (window_.not_applied > 0) {
    absl::StrAppend(&line, "  [", window_.not_applied, " steps left out: gradient not finite]");
  }
  Note(line);
  Event("step", {{"step", run.step},
                 {"loss", top},
                 {"letters_loss", letters},
                 {"intermediate_loss", intermediate},
                 {"crf_loss", crf},
                 {"expected_word_errors", word_errors},
                 {"consistency_loss", consistency},
                 {"teacher_loss", teacher},
                 {"gradient_norm", step.gradient_norm},
                 {"largest_gradient_norm", window_.largest_norm},
                 {"rate", step.rate},
                 {"audio_hours", audio_hours},
                 {"wall_hours", run.wall_seconds / 3600},
                 {"audio_per_wall_second", speed},
                 {"audio_per_cpu_second", cpu_speed},
                 {"skipped_clips", window_.skipped},
                 {"skipped_steps", window_.not_applied},
                 {"progress", progress}});
  window_ = Window();
  window_start_ = now;
}

void RunLog::Evaluated(const EvaluationTable& table, const Progress& run, bool best) {
  nlohmann::json sets;
  std::string line = absl::StrFormat("step %d  dev", run.step);
  for (const auto& [name, evaluation] : table) {
    const double word = evaluation.errors.words.rate();
    const double character = evaluation.errors.characters.rate();
    absl::StrAppendFormat(&line, "  %s: %.1f %% of words, %.1f %% of characters", name, word,
                          character);
    sets[name] = {{"wer", word}, {"cer", character}, {"loss", evaluation.loss_per_character()}};
    if (evaluation.phones.reference > 0) {
      absl::StrAppendFormat(&line, ", %.1f %% of phones", evaluation.phones.rate());
      sets[name]["per"] = evaluation.phones.rate();
    }
    absl::StrAppendFormat(&line, " wrong, loss %.3f;", evaluation.loss_per_character());
  }
  if (best) absl::StrAppend(&line, " the best so far");
  Note(line);
  Event("evaluation", {{"step", run.step},
                       {"audio_hours", run.audio_seconds / 3600},
                       {"sets", std::move(sets)},
                       {"best", best}});
  window_start_ = Clock::Now();
  window_ = Window();
}

}  // namespace rill::training
