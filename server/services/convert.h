// Between the messages of rill.v1 and the core's types. Every field a client sends is checked here,
// and an error names it as the client wrote it. Pure functions; any thread.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "model/recognizer.h"
#include "rill/v1/rill.pb.h"
#include "server/services/served_model.h"

namespace rill::server {

// The chunk lengths a client may ask for.
inline constexpr int kChunkMs[] = {40, 80, 160, 320, 640};

// InvalidArgument naming the field: `where` is how the client gets to `config`,
// "config.recognition".
absl::StatusOr<StreamOptions> ToStreamOptions(const v1::RecognitionConfig& config,
                                              const std::string& where, int default_chunk_ms,
                                              bool features);

v1::Result ToResult(const StreamEvent& event, bool word_times);

v1::Model ToModel(const ModelInfo& info, bool is_default);

}  // namespace rill::server
