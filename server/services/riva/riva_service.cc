#include "server/services/riva/riva_service.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/services/finished_call.h"
#include "server/services/rejected_call.h"
#include "server/services/riva/recognize.h"
#include "server/services/riva/streaming_recognize.h"
#include "server/services/status.h"

namespace rill::server::riva {
namespace {

namespace asr = nvidia::riva::asr;

// Clients look for one of a type, and do not look whether a parameter is there.
void AddConfig(const ModelInfo& model, bool online,
               asr::RivaSpeechRecognitionConfigResponse* response) {
  asr::RivaSpeechRecognitionConfigResponse::Config& config = *response->add_model_config();
  config.set_model_name(model.name);
  auto& parameters = *config.mutable_parameters();
  parameters["type"] = online ? "online" : "offline";
  parameters["streaming"] = online ? "True" : "False";
  parameters["language_code"] = model.language;
  parameters["sample_rate_hertz"] = "16000";
}

}  // namespace

grpc::ServerBidiReactor<asr::StreamingRecognizeRequest, asr::StreamingRecognizeResponse>*
RivaService::StreamingRecognize(grpc::CallbackServerContext* context) {
  auto caller = core_->Identify("riva.StreamingRecognize", *context);
  if (!caller.ok())
    return new RejectedCall<asr::StreamingRecognizeRequest, asr::StreamingRecognizeResponse>(
        ToGrpcStatus(caller.status()));
  return riva::StreamingRecognize(core_, context, *std::move(caller));
}

grpc::ServerUnaryReactor* RivaService::Recognize(grpc::CallbackServerContext* context,
                                                 const asr::RecognizeRequest* request,
                                                 asr::RecognizeResponse* response) {
  const auto caller = core_->Identify("riva.Recognize", *context);
  if (!caller.ok()) return Finished(context, caller.status());
  return riva::Recognize(core_, context, *caller, request, response);
}

grpc::ServerUnaryReactor* RivaService::GetRivaSpeechRecognitionConfig(
    grpc::CallbackServerContext* context, const asr::RivaSpeechRecognitionConfigRequest* request,
    asr::RivaSpeechRecognitionConfigResponse* response) {
  const auto caller = core_->Identify("riva.GetRivaSpeechRecognitionConfig", *context);
  if (!caller.ok()) return Finished(context, caller.status());
  std::vector<std::string> names;
  for (const ServedModel& model : core_->models()) {
    names.push_back(model.info.name);
    if (!request->model_name().empty() && request->model_name() != model.info.name) continue;
    AddConfig(model.info, /*online=*/true, response);
    AddConfig(model.info, /*online=*/false, response);
  }
  if (response->model_config_size() > 0) return Finished(context, absl::OkStatus());
  return Finished(context, absl::NotFoundError(absl::StrCat("model_name: this server has: ",
                                                            absl::StrJoin(names, ", "))));
}

}  // namespace rill::server::riva
