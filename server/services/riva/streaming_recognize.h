// nvidia.riva.asr.RivaSpeechRecognition/StreamingRecognize.
#pragma once

#include "grpcpp/server_context.h"
#include "grpcpp/support/server_callback.h"
#include "riva/proto/riva_asr.pb.h"
#include "server/services/speech_core.h"

namespace rill::server::riva {

// The reactor of one call; it deletes itself.
grpc::ServerBidiReactor<nvidia::riva::asr::StreamingRecognizeRequest,
                        nvidia::riva::asr::StreamingRecognizeResponse>*
StreamingRecognize(SpeechCore* core, grpc::CallbackServerContext* context, Caller caller);

}  // namespace rill::server::riva
