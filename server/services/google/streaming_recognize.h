// google.cloud.speech.v1.Speech/StreamingRecognize.
#pragma once

#include "google/cloud/speech/v1/cloud_speech.pb.h"
#include "grpcpp/server_context.h"
#include "grpcpp/support/server_callback.h"
#include "server/services/speech_core.h"

namespace rill::server::google_speech {

// The reactor of one call; it deletes itself.
grpc::ServerBidiReactor<::google::cloud::speech::v1::StreamingRecognizeRequest,
                        ::google::cloud::speech::v1::StreamingRecognizeResponse>*
StreamingRecognize(SpeechCore* core, grpc::CallbackServerContext* context, Caller caller);

}  // namespace rill::server::google_speech
