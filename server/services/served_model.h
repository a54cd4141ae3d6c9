// A model that the server offers: what clients may know of it, and the engine that runs it.
// Immutable but for the engine; any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "model/recognizer.h"
#include "server/engine/engine.h"

namespace rill::server {

struct ModelInfo {
  std::string name;
  std::string language;
  std::string description;
  std::string license;
  std::string hash;
  int64_t parameters = 0;
  int64_t state_bytes_per_stream = 0;
  int mel_bins = 80;
  bool has_language_model = false;
};

ModelInfo DescribeModel(const Recognizer& recognizer);

struct ServedModel {
  ModelInfo info;
  std::unique_ptr<Engine> engine;
};

}  // namespace rill::server
