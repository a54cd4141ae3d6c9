// nvidia.riva.asr.RivaSpeechRecognition/Recognize.
#pragma once

#include "grpcpp/server_context.h"
#include "grpcpp/support/server_callback.h"
#include "riva/proto/riva_asr.pb.h"
#include "server/services/speech_core.h"

namespace rill::server::riva {

// The reactor of one call; it deletes itself.
grpc::ServerUnaryReactor* Recognize(SpeechCore* core, grpc::CallbackServerContext* context,
                                    const Caller& caller,
                                    const nvidia::riva::asr::RecognizeRequest* request,
                                    nvidia::riva::asr::RecognizeResponse* response);

}  // namespace rill::server::riva
