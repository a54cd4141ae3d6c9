// rill.v1.SpeechRecognition/Transcribe.
#pragma once

#include "grpcpp/server_context.h"
#include "grpcpp/support/server_callback.h"
#include "rill/v1/rill.pb.h"
#include "server/services/speech_core.h"

namespace rill::server {

// The reactor of one call; it deletes itself.
grpc::ServerBidiReactor<v1::TranscribeRequest, v1::TranscribeResponse>* Transcribe(
    SpeechCore* core, grpc::CallbackServerContext* context, Caller caller);

}  // namespace rill::server
