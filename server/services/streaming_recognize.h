// rill.v1.SpeechRecognition/StreamingRecognize.
#pragma once

#include "grpcpp/server_context.h"
#include "grpcpp/support/server_callback.h"
#include "rill/v1/rill.pb.h"
#include "server/services/speech_core.h"

namespace rill::server {

// The reactor of one call; it deletes itself.
grpc::ServerBidiReactor<v1::StreamingRecognizeRequest, v1::StreamingRecognizeResponse>*
StreamingRecognize(SpeechCore* core, grpc::CallbackServerContext* context, Caller caller);

}  // namespace rill::server
