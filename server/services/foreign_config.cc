#include "server/services/foreign_config.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/log.h"
#include "server/services/invalid_field.h"
#include "server/services/shortened.h"

namespace rill::server {
namespace {

constexpr int kMaxAlternatives = 101;  // the best text and as many others as the decoder gives

// "en" of "en-US".
std::string PrimaryLanguage(absl::string_view tag) {
  return absl::AsciiStrToLower(tag.substr(0, tag.find_first_of("-_")));
}

bool Hears(const ModelInfo& model, const std::string& language_code) {
  return language_code.empty() || model.language.empty() ||
         PrimaryLanguage(language_code) == PrimaryLanguage(model.language);
}

}  // namespace

bool IsEnglish(const ModelInfo& model) { return PrimaryLanguage(model.language) == "en"; }

std::string ChooseModel(const std::vector<ServedModel>& models, const std::string& name,
                        const std::string& language_code, Liberties* liberties) {
  std::vector<const ServedModel*> candidates;
  for (const ServedModel& model : models) {
    if (model.info.name == name) return name;
    if (Hears(model.info, language_code)) candidates.push_back(&model);
  }
  if (candidates.empty()) return "";  // the language is at fault
  if (!name.empty()) {
    if (candidates.size() > 1) return name;  // the core says which there are
    liberties->model_sent = name;
  }
  return candidates.front()->info.name;
}

absl::Status CheckLanguage(const std::string& language_code, const std::string& field,
                           const ModelInfo& model) {
  if (Hears(model, language_code)) return absl::OkStatus();
  return InvalidField(
      field, absl::StrCat("'", Shortened(language_code), "' is not the language of ", model.name,
                          ", '", model.language, "'"));
}

absl::Status CheckSampleRate(int rate, const std::string& field) {
  if (rate == 0 || (rate >= kMinSampleRate && rate <= kMaxSampleRate)) return absl::OkStatus();
  return InvalidField(field, absl::StrCat(rate, " is not between ", kMinSampleRate, " and ",
                                          kMaxSampleRate, " (or 0)"));
}

absl::StatusOr<int> ToAlternatives(int max_alternatives, const std::string& field) {
  if (max_alternatives < 0) {
    return InvalidField(field, absl::StrCat(max_alternatives, " is less than 0"));
  }
  return std::clamp(max_alternatives, 1, kMaxAlternatives);
}

void LogLiberties(const char* event, const Liberties& liberties, const Session& session) {
  if (liberties.model_sent.empty() && liberties.ignored.empty()) return;
  LogFields fields = {{"stream", session.options().identity.id},
                      {"model", session.options().identity.model}};
  if (!liberties.model_sent.empty()) {
    fields.emplace_back("model_sent", Shortened(liberties.model_sent));
  }
  if (!liberties.ignored.empty()) {
    fields.emplace_back("ignored", absl::StrJoin(liberties.ignored, ","));
  }
  Log(LogLevel::kInfo, event, fields);
}

}  // namespace rill::server
