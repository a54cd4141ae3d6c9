// What the RPCs share: the models, and how a client's configuration becomes a session. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "grpcpp/server_context.h"
#include "server/executor.h"
#include "server/log_limiter.h"
#include "server/metrics/call_counts.h"
#include "server/security/access.h"
#include "server/security/state_seal.h"
#include "server/security/stream_quota.h"
#include "server/services/served_model.h"
#include "server/session/session.h"
#include "server/session/session_registry.h"

namespace rill::server {

struct SpeechLimits {
  int default_chunk_ms = 320;
  // Unset: beam search for models with a language model, else greedy.
  std::optional<DecoderOptions::Kind> default_decoder;
  int queue_seconds = 30;         // audio of one stream that may wait for the model
  int max_audio_seconds = 14400;  // of one recording (Recognize, Transcribe); 0: no limit
  int max_stream_seconds = 0;     // of one live stream; 0: no limit
  bool log_transcripts = false;
  int max_message_bytes = 4 << 20;     // of a request, and of Recognize's response
  size_t max_pending_bytes = 1 << 20;  // responses of one stream that may wait for the client
};

// What the server gives a stream whose client does not say.
struct StreamDefaults {
  int chunk_ms = 320;
  DecoderOptions::Kind decoder = DecoderOptions::Kind::kGreedy;
};

class SpeechCore {
 public:
  // The first model is the default one. The pointers outlive the core.
  SpeechCore(std::vector<ServedModel> models, const SpeechLimits& limits, Access* access,
             const StateSeal* seal, SessionRegistry* registry, Executor* executor);

  // Who calls `method`, before anything else is done. Unauthenticated, and a line in the log:
  // nobody that may.
  absl::StatusOr<Caller> Identify(const char* method, const grpc::ServerContextBase& context);

  struct OpenRequest {
    const char* method;  // for the log
    const Caller* caller;
    std::string model = "";        // its name; empty: the default one
    std::string model_field = "";  // where the client has named it: "config.recognition.model"
    // What the client asks for, checked; an error names the field.
    std::function<absl::StatusOr<StreamOptions>(const ModelInfo&, const StreamDefaults&)> options =
        nullptr;
    // The core's error, with the field at fault named as the client sent it. Null: as it is.
    std::function<absl::Status(const absl::Status&)> as_sent = nullptr;
    bool interim_results = false;
    bool speech_events = false;
    bool single_utterance = false;
    int checkpoint_ms = 0;    // 0: none
    std::string resume = "";  // a Checkpoint's state; empty: a new stream
    bool recording = false;   // max_audio_seconds applies, and not max_stream_seconds
  };
  // Counts a call of `method` that got no stream, and logs it unless there are very many.
  void Refused(const char* method, const grpc::ServerContextBase& context,
               const absl::Status& status);

  // An error, and a line in the log, if there cannot be such a session now.
  absl::StatusOr<std::shared_ptr<Session>> Open(const OpenRequest& request,
                                                const grpc::ServerContextBase& context,
                                                SessionSink* sink);

  const std::vector<ServedModel>& models() const { return models_; }
  const SpeechLimits& limits() const { return limits_; }
  const CallCounts& refused() const { return refused_; }
  SessionRegistry::Duration idle_timeout() const { return registry_->idle_timeout(); }

 private:
  absl::StatusOr<const ServedModel*> Find(const std::string& name, const std::string& field) const;
  absl::StatusOr<SessionOptions> Options(const OpenRequest& request, const ServedModel& model);
  absl::StatusOr<std::shared_ptr<Session>> Admit(const OpenRequest& request,
                                                 const grpc::ServerContextBase& context,
                                                 SessionSink* sink);

  const std::vector<ServedModel> models_;
  const SpeechLimits limits_;
  Access* const access_;
  const StateSeal* const seal_;
  StreamQuota quota_;
  CallCounts refused_;
  LogLimiter refusals_log_;
  SessionRegistry* const registry_;
  Executor* const executor_;
};

}  // namespace rill::server
