// rill.v1.SpeechRecognition/Recognize.
#pragma once

#include "grpcpp/server_context.h"
#include "grpcpp/support/server_callback.h"
#include "rill/v1/rill.pb.h"
#include "server/services/speech_core.h"

namespace rill::server {

// The reactor of one call; it deletes itself.
grpc::ServerUnaryReactor* Recognize(SpeechCore* core, grpc::CallbackServerContext* context,
                                    const Caller& caller, const v1::RecognizeRequest* request,
                                    v1::RecognizeResponse* response);

}  // namespace rill::server
