#include "server/services/google/streaming_recognize.h"

#include <algorithm>
#include <atomic>
#include <optional>
#include <utility>
#include <vector>

#include "server/services/bidi_stream.h"
#include "server/services/google/config.h"
#include "server/services/google/responses.h"

namespace rill::server {

template <>
struct ConfigField<::google::cloud::speech::v1::StreamingRecognizeRequest> {
  static constexpr char kName[] = "streaming_config";
  static bool IsSet(const ::google::cloud::speech::v1::StreamingRecognizeRequest& request) {
    return request.has_streaming_config();
  }
};

namespace google_speech {
namespace {

using Request = speech::StreamingRecognizeRequest;
using Response = speech::StreamingRecognizeResponse;

constexpr char kMethod[] = "google.StreamingRecognize";
constexpr char kWhere[] = "streaming_config.config";

// A client that waits less long than an utterance does has its words when it stops waiting.
void EndUtterancesWithin(int64_t ms, SpeechCore::OpenRequest* open) {
  if (ms == 0) return;
  open->options = [asked = std::move(open->options), ms](const ModelInfo& model,
                                                         const StreamDefaults& defaults) {
    auto options = asked(model, defaults);
    if (options.ok()) {
      int& silence = options->endpoint.silence_after_words_ms;
      silence = static_cast<int>(std::clamp<int64_t>(ms, kFrameMs, silence));
    }
    return options;
  };
}

class StreamingCall : public BidiStream<Request, Response> {
 public:
  StreamingCall(SpeechCore* core, grpc::CallbackServerContext* context, Caller caller)
      : BidiStream(kMethod, core, context, std::move(caller)) {}

 private:
  void OnRequest(Request* request) override {
    if (!request->has_audio_content()) {
      return Refuse("streaming_request: empty; set audio_content");
    }
    if (timed_out_) return session()->Abort(absl::OkStatus());
    session()->Push(std::move(*request->mutable_audio_content()));
  }

  void Configure(const Request& request) override {
    const speech::StreamingRecognitionConfig& config = request.streaming_config();
    Responses::Options options;
    options.single_utterance = config.single_utterance();
    options.activity_events = config.enable_voice_activity_events();
    auto timeouts = SpeechTimeouts::From(config.voice_activity_timeout(),
                                         "streaming_config.voice_activity_timeout");
    if (!timeouts.ok()) {
      core().Refused(kMethod, *context(), timeouts.status());
      return Reject(timeouts.status());
    }
    options.timeouts = *timeouts;
    ResultStyle style;
    SpeechCore::OpenRequest open =
        ToOpenRequest(kMethod, kWhere, config.config(), core(), caller(), &style);
    open.interim_results = config.interim_results();
    open.single_utterance = config.single_utterance();
    open.speech_events = config.enable_voice_activity_events() || timeouts->any();
    EndUtterancesWithin(timeouts->end_ms(), &open);
    auto session = core().Open(open, *context(), this);
    if (!session.ok()) return Reject(session.status());
    LogLiberties("google_config", style.liberties, **session);
    responses_.emplace(std::move(style), options);
    Begin(*std::move(session), {});
    ReadNext();
  }

  std::vector<Outgoing> Answer(std::vector<StreamEvent> events,
                               const SessionProgress& progress) override {
    if (timed_out_) return {};
    std::vector<Outgoing> answers;
    for (Response& response : responses_->Take(events, progress.processed_ms)) {
      const Weight weight = response.results().empty()       ? Weight::kMark
                            : response.results(0).is_final() ? Weight::kLasting
                                                             : Weight::kInterim;
      answers.push_back({std::move(response), weight});
    }
    timed_out_ = responses_->timed_out();
    return answers;
  }

  // Set before Begin; then only the sink's calls use it.
  std::optional<Responses> responses_;
  // Told to the client, which is to close its side; what it sends instead ends the stream.
  std::atomic<bool> timed_out_{false};
};

}  // namespace

grpc::ServerBidiReactor<Request, Response>* StreamingRecognize(SpeechCore* core,
                                                               grpc::CallbackServerContext* context,
                                                               Caller caller) {
  return new StreamingCall(core, context, std::move(caller));
}

}  // namespace google_speech
}  // namespace rill::server
