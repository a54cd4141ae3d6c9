// What the configurations of other servers' clients have in common (riva/, google/). Errors name
// the field as the client wrote it. Pure functions; any thread.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/services/served_model.h"
#include "server/session/session.h"

namespace rill::server {

// What a client sent that was not taken at its word.
struct Liberties {
  std::string model_sent;  // not a name of a model here; empty: it is, or none was sent
  std::vector<std::string>
      ignored;  // what it asks for that there is not, and that it can do without
};

bool IsEnglish(const ModelInfo& model);

// The name of the model to ask the core for. Many clients send the name of a model of somebody
// else's that is built into them: where only one model can be meant, it is that one.
std::string ChooseModel(const std::vector<ServedModel>& models, const std::string& name,
                        const std::string& language_code, Liberties* liberties);

// The region does not matter; no language, the client's or the model's, fits everything.
absl::Status CheckLanguage(const std::string& language_code, const std::string& field,
                           const ModelInfo& model);

// 0, or a rate that can be served.
absl::Status CheckSampleRate(int rate, const std::string& field);

// The best text and others: 1 to as many as the decoder gives.
absl::StatusOr<int> ToAlternatives(int max_alternatives, const std::string& field);

// A line in the log if something was not taken at its word.
void LogLiberties(const char* event, const Liberties& liberties, const Session& session);

}  // namespace rill::server
