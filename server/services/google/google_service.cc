#include "server/services/google/google_service.h"

#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "server/services/finished_call.h"
#include "server/services/google/recognize.h"
#include "server/services/google/streaming_recognize.h"
#include "server/services/rejected_call.h"
#include "server/services/status.h"

namespace rill::server::google_speech {
grpc::ServerBidiReactor<speech::StreamingRecognizeRequest, speech::StreamingRecognizeResponse>*
GoogleService::StreamingRecognize(grpc::CallbackServerContext* context) {
  auto caller = core_->Identify("google.StreamingRecognize", *context);
  if (!caller.ok())
    return new RejectedCall<speech::StreamingRecognizeRequest, speech::StreamingRecognizeResponse>(
        ToGrpcStatus(caller.status()));
  return google_speech::StreamingRecognize(core_, context, *std::move(caller));
}

grpc::ServerUnaryReactor* GoogleService::Recognize(grpc::CallbackServerContext* context,
                                                   const speech::RecognizeRequest* request,
                                                   speech::RecognizeResponse* response) {
  const auto caller = core_->Identify("google.Recognize", *context);
  if (!caller.ok()) return Finished(context, caller.status());
  return google_speech::Recognize(core_, context, *caller, request, response);
}

grpc::ServerUnaryReactor* GoogleService::LongRunningRecognize(
    grpc::CallbackServerContext* context, const speech::LongRunningRecognizeRequest* request,
    ::google::longrunning::Operation* response) {
  const auto caller = core_->Identify("google.LongRunningRecognize", *context);
  if (!caller.ok()) return Finished(context, caller.status());
  auto operation = Operation::Begin(core_, *context, *caller, *request);
  if (!operation.ok()) return Finished(context, operation.status());
  *response = (*operation)->State();
  store_->Add(caller->name, *std::move(operation));
  return Finished(context, absl::OkStatus());
}

}  // namespace rill::server::google_speech
