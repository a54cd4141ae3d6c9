#include "model/training/run/progress.h"

#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"

namespace rill::training {

std::string Progress::ToJson() const {
  return nlohmann::json{{"step", step},
                        {"next_batch", next_batch},
                        {"audio_seconds", audio_seconds},
                        {"wall_seconds", wall_seconds},
                        {"annealing", annealing},
                        {"anneal_audio_seconds", anneal_audio_seconds},
                        {"anneal_wall_seconds", anneal_wall_seconds},
                        {"anneal_step", anneal_step},
                        {"best_error", best_error}}
      .dump();
}

absl::StatusOr<Progress> Progress::FromJson(const std::string& json) {
  try {
    const nlohmann::json fields = nlohmann::json::parse(json);
    Progress progress;
    fields.at("step").get_to(progress.step);
    fields.at("next_batch").get_to(progress.next_batch);
    fields.at("audio_seconds").get_to(progress.audio_seconds);
    fields.at("wall_seconds").get_to(progress.wall_seconds);
    fields.at("annealing").get_to(progress.annealing);
    fields.at("anneal_audio_seconds").get_to(progress.anneal_audio_seconds);
    fields.at("anneal_wall_seconds").get_to(progress.anneal_wall_seconds);
    progress.anneal_step = fields.value("anneal_step", progress.anneal_step);  // not in old files
    fields.at("best_error").get_to(progress.best_error);
    return progress;
  } catch (const nlohmann::json::exception& error) {
    return absl::DataLossError(absl::StrCat("progress of the run: ", error.what()));
  }
}

}  // namespace rill::training
