// The gRPC service rill.v1.SpeechRecognition: looks at who calls, and then every method is in a
// file of its own. Any thread.
#pragma once

#include "rill/v1/rill.grpc.pb.h"
#include "server/services/speech_core.h"

namespace rill::server {

class SpeechService final : public v1::SpeechRecognition::CallbackService {
 public:
  explicit SpeechService(SpeechCore* core) : core_(core) {}

  grpc::ServerBidiReactor<v1::StreamingRecognizeRequest, v1::StreamingRecognizeResponse>*
  StreamingRecognize(grpc::CallbackServerContext* context) override;

  grpc::ServerUnaryReactor* Recognize(grpc::CallbackServerContext* context,
                                      const v1::RecognizeRequest* request,
                                      v1::RecognizeResponse* response) override;

  grpc::ServerBidiReactor<v1::TranscribeRequest, v1::TranscribeResponse>* Transcribe(
      grpc::CallbackServerContext* context) override;

  grpc::ServerUnaryReactor* ListModels(grpc::CallbackServerContext* context,
                                       const v1::ListModelsRequest* request,
                                       v1::ListModelsResponse* response) override;

 private:
  SpeechCore* const core_;
};

}  // namespace rill::server
