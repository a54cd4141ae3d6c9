#include "server/services/google/recognize.h"

#include <optional>
#include <utility>
#include <vector>

#include "server/services/google/recording.h"
#include "server/services/status.h"
#include "server/services/unary_call.h"

namespace rill::server::google_speech {
namespace {

class RecognizeCall : public UnaryCall {
 public:
  RecognizeCall(SpeechCore* core, grpc::CallbackServerContext* context, const Caller& caller,
                const speech::RecognizeRequest* request, speech::RecognizeResponse* response)
      : UnaryCall(context), response_(response) {
    ResultStyle style;
    auto session = OpenRecording("google.Recognize", core, *context, caller, request->config(),
                                 request->audio(), this, &style);
    if (!session.ok()) {
      Finish(ToGrpcStatus(session.status()));
      return;
    }
    results_.emplace(std::move(style), core->limits().max_message_bytes);
    Begin(*std::move(session), request->audio().content());
  }

 private:
  bool OnStep(std::vector<StreamEvent> events, const SessionProgress&) override {
    results_->Add(events);
    return true;
  }

  void OnClosed(const absl::Status& status) override {
    if (!status.ok()) return Finish(ToGrpcStatus(status));
    auto results = results_->Take();
    if (results.ok()) *response_->mutable_results() = *std::move(results);
    Finish(ToGrpcStatus(results.status()));
  }

  speech::RecognizeResponse* const response_;  // only the sink's calls use it, and what is below
  std::optional<RecordedResults> results_;
};

}  // namespace

grpc::ServerUnaryReactor* Recognize(SpeechCore* core, grpc::CallbackServerContext* context,
                                    const Caller& caller, const speech::RecognizeRequest* request,
                                    speech::RecognizeResponse* response) {
  return new RecognizeCall(core, context, caller, request, response);
}

}  // namespace rill::server::google_speech
