#include "server/services/speech_service.h"

#include "server/services/convert.h"
#include "server/services/recognize.h"
#include "server/services/streaming_recognize.h"
#include "server/services/transcribe.h"

namespace rill::server {

grpc::ServerBidiReactor<v1::StreamingRecognizeRequest, v1::StreamingRecognizeResponse>*
SpeechService::StreamingRecognize(grpc::CallbackServerContext* context) {
  return server::StreamingRecognize(core_, context);
}

grpc::ServerUnaryReactor* SpeechService::Recognize(grpc::CallbackServerContext* context,
                                                   const v1::RecognizeRequest* request,
                                                   v1::RecognizeResponse* response) {
  return server::Recognize(core_, context, request, response);
}

grpc::ServerBidiReactor<v1::TranscribeRequest, v1::TranscribeResponse>* SpeechService::Transcribe(
    grpc::CallbackServerContext* context) {
  return server::Transcribe(core_, context);
}

grpc::ServerUnaryReactor* SpeechService::ListModels(grpc::CallbackServerContext* context,
                                                    const v1::ListModelsRequest* request,
                                                    v1::ListModelsResponse* response) {
  for (const ServedModel& model : core_->models()) {
    *response->add_models() = ToModel(model.info, &model == &core_->models().front());
  }
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  reactor->Finish(grpc::Status::OK);
  return reactor;
}

}  // namespace rill::server
