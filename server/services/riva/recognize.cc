#include "server/services/riva/recognize.h"

#include <optional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "server/services/riva/config.h"
#include "server/services/riva/request_id.h"
#include "server/services/riva/result.h"
#include "server/services/status.h"
#include "server/services/unary_call.h"

namespace rill::server::riva {
namespace {

constexpr char kMethod[] = "riva.Recognize";
constexpr char kWhere[] = "config";

class RecognizeCall : public UnaryCall {
 public:
  RecognizeCall(SpeechCore* core, grpc::CallbackServerContext* context, const Caller& caller,
                const asr::RecognizeRequest* request, asr::RecognizeResponse* response)
      : UnaryCall(context),
        max_bytes_(static_cast<size_t>(core->limits().max_message_bytes)),
        response_(response) {
    if (absl::Status status = CheckId(request->id()); !status.ok()) {
      core->Refused(kMethod, *context, status);
      Finish(ToGrpcStatus(status));
      return;
    }
    if (request->has_id()) *response->mutable_id() = request->id();
    ResultStyle style;
    SpeechCore::OpenRequest open =
        ToOpenRequest(kMethod, kWhere, request->config(), *core, caller, &style);
    open.recording = true;
    auto session = core->Open(open, *context, this);
    if (!session.ok()) {
      Finish(ToGrpcStatus(session.status()));
      return;
    }
    LogLiberties("riva_config", style.liberties, **session);
    writer_.emplace(std::move(style));
    Begin(*std::move(session), request->audio());
  }

 private:
  bool OnStep(std::vector<StreamEvent> events, const SessionProgress& progress) override {
    for (const StreamEvent& event : events) {
      if (event.kind != StreamEvent::Kind::kFinal) continue;
      asr::SpeechRecognitionResult result = writer_->Recorded(event);
      bytes_ += result.ByteSizeLong();
      if (bytes_ <= max_bytes_) *response_->add_results() = std::move(result);
    }
    received_ms_ = progress.received_ms;
    return true;
  }

  void OnClosed(const absl::Status& status) override {
    if (!status.ok()) return Finish(ToGrpcStatus(status));
    if (bytes_ > max_bytes_) {
      return Finish(ToGrpcStatus(absl::OutOfRangeError(absl::StrCat(
          "results: more than ", max_bytes_, " bytes; call StreamingRecognize for so many"))));
    }
    // Clients add up the last results' for the audio they have sent.
    if (response_->results_size() > 0) {
      response_->mutable_results()->rbegin()->set_audio_processed(static_cast<float>(received_ms_) /
                                                                  1000);
    }
    Finish(grpc::Status::OK);
  }

  const size_t max_bytes_;
  asr::RecognizeResponse* const response_;  // only the sink's calls use it, and what is below
  std::optional<ResultWriter> writer_;
  size_t bytes_ = 0;  // of all results, those left out as well
  int64_t received_ms_ = 0;
};

}  // namespace

grpc::ServerUnaryReactor* Recognize(SpeechCore* core, grpc::CallbackServerContext* context,
                                    const Caller& caller, const asr::RecognizeRequest* request,
                                    asr::RecognizeResponse* response) {
  return new RecognizeCall(core, context, caller, request, response);
}

}  // namespace rill::server::riva
