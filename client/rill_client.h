// A client of a rill server, over gRPC. See docs/client.md for examples.
//
// Thread rule: every method may be called from any thread, at the same time; calls share one
// connection. Errors are gRPC's code and message. Unavailable: no server answers there;
// ResourceExhausted with a RetryDelay: the server is full; Unauthenticated: the token is at fault.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/call_options.h"
#include "client/connection.h"
#include "client/resumable_stream.h"
#include "client/status.h"
#include "client/streaming_session.h"
#include "grpc/health/v1/health.grpc.pb.h"
#include "rill/v1/rill.grpc.pb.h"

namespace rill::client {

// What a whole recording says.
struct Transcript {
  std::vector<v1::Result> results;  // utterances, all final
  int64_t audio_ms = 0;             // recognised
};

class RillClient {
 public:
  // The next bytes of a recording, in pieces of any size; empty at the end. An error ends the call
  // with it.
  using AudioReader = std::function<absl::StatusOr<std::string>()>;
  using ProgressCallback = std::function<void(const v1::Progress&)>;

  // InvalidArgument: see OpenChannel. Connects with the first call.
  static absl::StatusOr<std::unique_ptr<RillClient>> Create(const Connection& connection);
  // In plain text, without a token.
  static absl::StatusOr<std::unique_ptr<RillClient>> Create(const std::string& server);

  // A live stream. Never fails here: errors show in the session.
  std::unique_ptr<StreamingSession> StartStreaming(const v1::StreamingConfig& config,
                                                   const CallOptions& options = {});

  // A live stream that goes on when it loses its server; see ResumableStream. Never fails here.
  // The client must outlive it.
  std::unique_ptr<ResumableStream> StartResumable(const v1::StreamingConfig& config,
                                                  const ResumeOptions& resume = {},
                                                  const CallOptions& options = {});

  // A short recording in one message.
  absl::StatusOr<v1::RecognizeResponse> Recognize(const v1::RecognizeRequest& request,
                                                  const CallOptions& options = {});

  // A recording of any length. `audio` is called on a thread of its own, `on_progress` on the
  // caller's.
  absl::StatusOr<Transcript> Transcribe(const v1::RecognitionConfig& config,
                                        const AudioReader& audio,
                                        const ProgressCallback& on_progress = nullptr,
                                        const CallOptions& options = {});

  absl::StatusOr<std::vector<v1::Model>> ListModels(const CallOptions& options = {});

  // By gRPC's health protocol. `service` empty: the server as a whole.
  absl::StatusOr<grpc::health::v1::HealthCheckResponse::ServingStatus> Health(
      const std::string& service = "", const CallOptions& options = {});

 private:
  explicit RillClient(const std::vector<std::shared_ptr<grpc::Channel>>& channels);

  std::unique_ptr<v1::SpeechRecognition::Stub> stub_;
  std::vector<std::unique_ptr<v1::SpeechRecognition::Stub>> others_;
  std::unique_ptr<grpc::health::v1::Health::Stub> health_;
};

}  // namespace rill::client
