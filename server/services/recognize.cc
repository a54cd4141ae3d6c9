#include "server/services/recognize.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "server/services/convert.h"
#include "server/services/status.h"
#include "server/services/unary_call.h"

namespace rill::server {
namespace {

class RecognizeCall : public UnaryCall {
 public:
  RecognizeCall(SpeechCore* core, grpc::CallbackServerContext* context, const Caller& caller,
                const v1::RecognizeRequest* request, v1::RecognizeResponse* response)
      : UnaryCall(context),
        format_(ToResultFormat(request->config())),
        max_bytes_(static_cast<size_t>(core->limits().max_message_bytes)),
        response_(response) {
    SpeechCore::OpenRequest open = ToOpenRequest("Recognize", "config", request->config(), caller);
    open.recording = true;
    auto session = core->Open(open, *context, this);
    if (!session.ok()) {
      Finish(ToGrpcStatus(session.status()));
      return;
    }
    Begin(*std::move(session), request->audio());
  }

 private:
  bool OnStep(std::vector<StreamEvent> events, const SessionProgress& progress) override {
    for (const StreamEvent& event : events) {
      if (event.kind != StreamEvent::Kind::kFinal) continue;
      v1::Result result = ToResult(event, format_);
      bytes_ += result.ByteSizeLong();
      if (bytes_ <= max_bytes_) *response_->add_results() = std::move(result);
    }
    response_->set_audio_ms(progress.received_ms);
    return true;
  }

  void OnClosed(const absl::Status& status) override {
    if (!status.ok() || bytes_ <= max_bytes_) return Finish(ToGrpcStatus(status));
    Finish(ToGrpcStatus(absl::OutOfRangeError(
        absl::StrCat("results: more than ", max_bytes_, " bytes; call Transcribe for so many"))));
  }

  const ResultFormat format_;
  const size_t max_bytes_;
  v1::RecognizeResponse* const response_;  // only the sink's calls use it
  size_t bytes_ = 0;                       // likewise: of all results, those left out as well
};

}  // namespace

grpc::ServerUnaryReactor* Recognize(SpeechCore* core, grpc::CallbackServerContext* context,
                                    const Caller& caller, const v1::RecognizeRequest* request,
                                    v1::RecognizeResponse* response) {
  return new RecognizeCall(core, context, caller, request, response);
}

}  // namespace rill::server
