// google.cloud.speech.v1.Speech/Recognize.
#pragma once

#include "google/cloud/speech/v1/cloud_speech.pb.h"
#include "grpcpp/server_context.h"
#include "grpcpp/support/server_callback.h"
#include "server/services/speech_core.h"

namespace rill::server::google_speech {

// The reactor of one call; it deletes itself.
grpc::ServerUnaryReactor* Recognize(SpeechCore* core, grpc::CallbackServerContext* context,
                                    const Caller& caller,
                                    const ::google::cloud::speech::v1::RecognizeRequest* request,
                                    ::google::cloud::speech::v1::RecognizeResponse* response);

}  // namespace rill::server::google_speech
