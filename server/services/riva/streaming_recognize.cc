#include "server/services/riva/streaming_recognize.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "server/services/bidi_stream.h"
#include "server/services/riva/answers.h"
#include "server/services/riva/config.h"
#include "server/services/riva/request_id.h"
#include "server/services/riva/result.h"

namespace rill::server {

template <>
struct ConfigField<nvidia::riva::asr::StreamingRecognizeRequest> {
  static constexpr char kName[] = "streaming_config";
  static bool IsSet(const nvidia::riva::asr::StreamingRecognizeRequest& request) {
    return request.has_streaming_config();
  }
};

namespace riva {
namespace {

using Request = asr::StreamingRecognizeRequest;
using Response = asr::StreamingRecognizeResponse;

constexpr char kMethod[] = "riva.StreamingRecognize";
constexpr char kWhere[] = "streaming_config.config";
constexpr char kEndUtterance[] = "force_eou";

class StreamingCall : public BidiStream<Request, Response> {
 public:
  StreamingCall(SpeechCore* core, grpc::CallbackServerContext* context, Caller caller)
      : BidiStream(kMethod, core, context, std::move(caller)) {}

 private:
  void OnRequest(Request* request) override {
    bool flush = false;
    for (const auto& [key, value] : request->runtime_config()) {
      if (key != kEndUtterance) return Refuse("runtime_config: this server knows force_eou only");
      flush = value == "true";
      if (!flush && value != "false") return Refuse("runtime_config.force_eou: not true or false");
    }
    if (!request->has_audio_content() && request->runtime_config().empty()) {
      return Refuse("streaming_request: empty; set audio_content");
    }
    std::string audio = std::move(*request->mutable_audio_content());
    if (flush) {
      session()->PushAndFlush(std::move(audio), 0);
    } else {
      session()->Push(std::move(audio));
    }
  }

  void Configure(const Request& request) override {
    if (absl::Status status = CheckId(request.id()); !status.ok()) {
      core().Refused(kMethod, *context(), status);
      return Reject(status);
    }
    if (request.has_id()) answers_.SetId(request.id());
    const asr::RecognitionConfig& config = request.streaming_config().config();
    ResultStyle style;
    SpeechCore::OpenRequest open = ToOpenRequest(kMethod, kWhere, config, core(), caller(), &style);
    open.interim_results = request.streaming_config().interim_results();
    auto session = core().Open(open, *context(), this);
    if (!session.ok()) return Reject(session.status());
    LogLiberties("riva_config", style.liberties, **session);
    writer_.emplace(std::move(style));
    Begin(*std::move(session), {});
    ReadNext();
  }

  std::vector<Outgoing> Answer(std::vector<StreamEvent> events,
                               const SessionProgress& progress) override {
    const bool ended = !events.empty() && events.back().kind == StreamEvent::Kind::kEnd;
    for (auto& result : writer_->Streaming(std::move(events), progress.processed_ms)) {
      answers_.Add(std::move(result));
    }
    return ToOutgoing(answers_.OnStep(progress, ended));
  }

  std::vector<Outgoing> AnswerRequest(const SessionProgress& progress) override {
    return ToOutgoing(answers_.OnTaken(progress));
  }

  // Every message has its answer, so that none is dropped.
  static std::vector<Outgoing> ToOutgoing(std::vector<Response> responses) {
    std::vector<Outgoing> outgoing;
    for (Response& response : responses) outgoing.push_back({std::move(response)});
    return outgoing;
  }

  // Set before Begin; then only the sink's calls use them.
  std::optional<ResultWriter> writer_;
  Answers answers_;
};

}  // namespace

grpc::ServerBidiReactor<Request, Response>* StreamingRecognize(SpeechCore* core,
                                                               grpc::CallbackServerContext* context,
                                                               Caller caller) {
  return new StreamingCall(core, context, std::move(caller));
}

}  // namespace riva
}  // namespace rill::server
