#include "server/services/transcribe.h"

#include <chrono>
#include <utility>
#include <vector>

#include "server/services/bidi_stream.h"
#include "server/services/convert.h"

namespace rill::server {
namespace {

using Clock = std::chrono::steady_clock;
using Request = v1::TranscribeRequest;
using Response = v1::TranscribeResponse;

constexpr Clock::duration kProgressInterval = std::chrono::milliseconds(500);

class TranscribeCall : public BidiStream<Request, Response> {
 public:
  TranscribeCall(SpeechCore* core, grpc::CallbackServerContext* context, Caller caller)
      : BidiStream("Transcribe", core, context, std::move(caller)) {}

 private:
  void OnRequest(Request* request) override {
    switch (request->request_case()) {
      case Request::kAudio:
        session()->Push(std::move(*request->mutable_audio()));
        return;
      default:
        return Refuse("request: empty; set audio");
    }
  }

  void Configure(const Request& request) override {
    format_ = ToResultFormat(request.config());
    SpeechCore::OpenRequest open =
        ToOpenRequest("Transcribe", "config", request.config(), caller());
    open.recording = true;
    auto session = core().Open(open, *context(), this);
    if (!session.ok()) return Reject(session.status());
    Begin(*std::move(session), {});
    ReadNext();
  }

  std::vector<Outgoing> Answer(std::vector<StreamEvent> events,
                               const SessionProgress& progress) override {
    std::vector<Outgoing> answers;
    for (const StreamEvent& event : events) {
      if (event.kind != StreamEvent::Kind::kFinal) continue;
      Outgoing out;
      *out.response.mutable_result() = ToResult(event, format_);
      answers.push_back(std::move(out));
    }
    const bool ended = !events.empty() && events.back().kind == StreamEvent::Kind::kEnd;
    const auto now = Clock::now();
    if (ended || now - last_progress_ >= kProgressInterval) {
      last_progress_ = now;
      Outgoing out{{}, ended ? Weight::kLasting : Weight::kProgress};
      out.response.mutable_progress()->set_received_ms(progress.received_ms);
      out.response.mutable_progress()->set_processed_ms(progress.processed_ms);
      answers.push_back(std::move(out));
    }
    return answers;
  }

  ResultFormat format_;
  Clock::time_point last_progress_ = Clock::now();  // only the sink's calls use it
};

}  // namespace

grpc::ServerBidiReactor<Request, Response>* Transcribe(SpeechCore* core,
                                                       grpc::CallbackServerContext* context,
                                                       Caller caller) {
  return new TranscribeCall(core, context, std::move(caller));
}

}  // namespace rill::server
