// The gRPC service nvidia.riva.asr.RivaSpeechRecognition, for clients of NVIDIA Riva: looks at who
// calls; what takes audio is in a file of its own. docs/riva.md. Any thread.
#pragma once

#include "riva/proto/riva_asr.grpc.pb.h"
#include "server/services/speech_core.h"

namespace rill::server::riva {

class RivaService final : public nvidia::riva::asr::RivaSpeechRecognition::CallbackService {
 public:
  explicit RivaService(SpeechCore* core) : core_(core) {}

  grpc::ServerBidiReactor<nvidia::riva::asr::StreamingRecognizeRequest,
                          nvidia::riva::asr::StreamingRecognizeResponse>*
  StreamingRecognize(grpc::CallbackServerContext* context) override;

  grpc::ServerUnaryReactor* Recognize(grpc::CallbackServerContext* context,
                                      const nvidia::riva::asr::RecognizeRequest* request,
                                      nvidia::riva::asr::RecognizeResponse* response) override;

  grpc::ServerUnaryReactor* GetRivaSpeechRecognitionConfig(
      grpc::CallbackServerContext* context,
      const nvidia::riva::asr::RivaSpeechRecognitionConfigRequest* request,
      nvidia::riva::asr::RivaSpeechRecognitionConfigResponse* response) override;

 private:
  SpeechCore* const core_;
};

}  // namespace rill::server::riva
