// What the RPCs share: the models, and how a client's configuration becomes a session. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "grpcpp/server_context.h"
#include "rill/v1/rill.pb.h"
#include "server/executor.h"
#include "server/services/served_model.h"
#include "server/session/session.h"
#include "server/session/session_registry.h"

namespace rill::server {

struct SpeechLimits {
  int default_chunk_ms = 320;
  int queue_seconds = 30;              // audio of one stream that may wait for the model
  int max_audio_seconds = 14400;       // of one recording (Recognize, Transcribe); 0: no limit
  size_t max_pending_bytes = 1 << 20;  // responses of one stream that may wait for the client
};

class SpeechCore {
 public:
  // The first model is the default one. `registry` and `executor` outlive the core.
  SpeechCore(std::vector<ServedModel> models, const SpeechLimits& limits, SessionRegistry* registry,
             Executor* executor);

  struct OpenRequest {
    const char* method;  // for the log
    const char* where;   // how the client gets to `config`: "config.recognition"
    const v1::RecognitionConfig* config;
    bool interim_results = false;
    bool features = false;
    bool limited = false;  // max_audio_seconds applies
  };
  // An error, and a line in the log, if there cannot be such a session now.
  absl::StatusOr<std::shared_ptr<Session>> Open(const OpenRequest& request,
                                                const grpc::ServerContextBase& context,
                                                SessionSink* sink);

  const std::vector<ServedModel>& models() const { return models_; }
  const SpeechLimits& limits() const { return limits_; }

 private:
  absl::StatusOr<const ServedModel*> Find(const std::string& name, const std::string& where) const;
  absl::StatusOr<SessionOptions> Options(const OpenRequest& request, const ServedModel& model);

  const std::vector<ServedModel> models_;
  const SpeechLimits limits_;
  SessionRegistry* const registry_;
  Executor* const executor_;
};

}  // namespace rill::server
