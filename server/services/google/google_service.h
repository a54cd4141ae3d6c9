// The gRPC service google.cloud.speech.v1.Speech, for clients of Google Speech-to-Text: looks at
// who calls; what takes audio is in a file of its own. docs/google.md. Any thread.
#pragma once

#include "google/cloud/speech/v1/cloud_speech.grpc.pb.h"
#include "server/services/google/operation_store.h"
#include "server/services/speech_core.h"

namespace rill::server::google_speech {

class GoogleService final : public ::google::cloud::speech::v1::Speech::CallbackService {
 public:
  GoogleService(SpeechCore* core, OperationStore* store) : core_(core), store_(store) {}

  grpc::ServerBidiReactor<::google::cloud::speech::v1::StreamingRecognizeRequest,
                          ::google::cloud::speech::v1::StreamingRecognizeResponse>*
  StreamingRecognize(grpc::CallbackServerContext* context) override;

  grpc::ServerUnaryReactor* Recognize(
      grpc::CallbackServerContext* context,
      const ::google::cloud::speech::v1::RecognizeRequest* request,
      ::google::cloud::speech::v1::RecognizeResponse* response) override;

  grpc::ServerUnaryReactor* LongRunningRecognize(
      grpc::CallbackServerContext* context,
      const ::google::cloud::speech::v1::LongRunningRecognizeRequest* request,
      ::google::longrunning::Operation* response) override;

 private:
  SpeechCore* const core_;
  OperationStore* const store_;
};

}  // namespace rill::server::google_speech
