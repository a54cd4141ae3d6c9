#include "server/services/recognize.h"

#include <memory>
#include <mutex>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "server/services/convert.h"
#include "server/services/status.h"
#include "server/session/session_sink.h"

namespace rill::server {
namespace {

class RecognizeCall : public grpc::ServerUnaryReactor, private SessionSink {
 public:
  RecognizeCall(SpeechCore* core, grpc::CallbackServerContext* context, const Caller& caller,
                const v1::RecognizeRequest* request, v1::RecognizeResponse* response)
      : context_(context),
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
    session_ = *std::move(session);
    session_->Start();
    session_->Push(request->audio(), /*last=*/true);
  }

  void OnCancel() override {
    if (session_) session_->Abort(absl::CancelledError("cancelled by the client"));
  }

  void OnDone() override {
    if (session_) session_->Detach();
    delete this;
  }

 private:
  void OnInputTaken(const SessionProgress&) override {}  // there is but one message

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

  void OnStuck() override { context_->TryCancel(); }

  grpc::CallbackServerContext* const context_;
  const ResultFormat format_;
  const size_t max_bytes_;
  v1::RecognizeResponse* const response_;  // only the sink's calls use it
  size_t bytes_ = 0;                       // likewise: of all results, those left out as well
  std::shared_ptr<Session> session_;       // set before gRPC sees this reactor
};

}  // namespace

grpc::ServerUnaryReactor* Recognize(SpeechCore* core, grpc::CallbackServerContext* context,
                                    const Caller& caller, const v1::RecognizeRequest* request,
                                    v1::RecognizeResponse* response) {
  return new RecognizeCall(core, context, caller, request, response);
}

}  // namespace rill::server
