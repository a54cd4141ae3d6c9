#include "server/services/speech_service.h"

#include "server/services/convert.h"
#include "server/services/finished_call.h"
#include "server/services/recognize.h"
#include "server/services/rejected_call.h"
#include "server/services/status.h"
#include "server/services/streaming_recognize.h"
#include "server/services/transcribe.h"

namespace rill::server {
grpc::ServerBidiReactor<v1::StreamingRecognizeRequest, v1::StreamingRecognizeResponse>*
SpeechService::StreamingRecognize(grpc::CallbackServerContext* context) {
  auto caller = core_->Identify("StreamingRecognize", *context);
  if (!caller.ok())
    return new RejectedCall<v1::StreamingRecognizeRequest, v1::StreamingRecognizeResponse>(
        ToGrpcStatus(caller.status()));
  return server::StreamingRecognize(core_, context, *std::move(caller));
}

grpc::ServerUnaryReactor* SpeechService::Recognize(grpc::CallbackServerContext* context,
                                                   const v1::RecognizeRequest* request,
                                                   v1::RecognizeResponse* response) {
  const auto caller = core_->Identify("Recognize", *context);
  if (!caller.ok()) return Finished(context, caller.status());
  return server::Recognize(core_, context, *caller, request, response);
}

grpc::ServerBidiReactor<v1::TranscribeRequest, v1::TranscribeResponse>* SpeechService::Transcribe(
    grpc::CallbackServerContext* context) {
  auto caller = core_->Identify("Transcribe", *context);
  if (!caller.ok())
    return new RejectedCall<v1::TranscribeRequest, v1::TranscribeResponse>(
        ToGrpcStatus(caller.status()));
  return server::Transcribe(core_, context, *std::move(caller));
}

grpc::ServerUnaryReactor* SpeechService::ListModels(grpc::CallbackServerContext* context,
                                                    const v1::ListModelsRequest* request,
                                                    v1::ListModelsResponse* response) {
  const auto caller = core_->Identify("ListModels", *context);
  if (!caller.ok()) return Finished(context, caller.status());
  for (const ServedModel& model : core_->models()) {
    *response->add_models() = ToModel(model.info, &model == &core_->models().front());
  }
  return Finished(context, absl::OkStatus());
}

}  // namespace rill::server
