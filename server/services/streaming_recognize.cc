#include "server/services/streaming_recognize.h"

#include <string>
#include <utility>
#include <vector>

#include "server/services/bidi_stream.h"
#include "server/services/convert.h"

namespace rill::server {
namespace {

using Request = v1::StreamingRecognizeRequest;
using Response = v1::StreamingRecognizeResponse;

class StreamingCall : public BidiStream<Request, Response> {
 public:
  StreamingCall(SpeechCore* core, grpc::CallbackServerContext* context, Caller caller)
      : BidiStream("StreamingRecognize", core, context, std::move(caller)) {}

 private:
  void OnRequest(Request* request) override {
    switch (request->request_case()) {
      case Request::kAudio:
        if (features_) return Refuse("audio: this stream carries features");
        session()->Push(std::move(*request->mutable_audio()));
        return;
      case Request::kFeatures:
        if (!features_) return Refuse("features: this stream carries audio");
        session()->Push(std::move(*request->mutable_features()->mutable_data()));
        return;
      case Request::kFlush:
        session()->Flush(request->flush().id());
        return;
      case Request::kEnd:
        session()->Finish();
        return;
      case Request::kHotWords:
        session()->SetHotWords(ToHotWords(request->hot_words().hot_words()));
        return;
      default:
        return Refuse("request: empty; set audio, features, hot_words, flush or end");
    }
  }

  void Configure(const Request& request) override {
    const v1::StreamingConfig& config = request.config();
    features_ = config.features();
    progress_ = config.progress();
    format_ = ToResultFormat(config.recognition());
    SpeechCore::OpenRequest open = ToOpenRequest("StreamingRecognize", "config.recognition",
                                                 config.recognition(), caller(), features_);
    open.interim_results = config.interim_results();
    open.speech_events = config.speech_events();
    open.single_utterance = config.single_utterance();
    open.checkpoint_ms = config.checkpoint_ms();
    open.resume = config.resume();
    auto session = core().Open(open, *context(), this);
    if (!session.ok()) return Reject(session.status());
    Response started;
    started.mutable_started()->set_stream_id((*session)->options().identity.id);
    started.mutable_started()->set_model((*session)->options().identity.model);
    started.mutable_started()->set_chunk_ms((*session)->options().stream.chunk_frames * kFrameMs);
    started.set_processed_ms((*session)->processed_ms());
    Begin(*session, {{std::move(started)}});
    ReadNext();
  }

  std::vector<Outgoing> Answer(std::vector<StreamEvent> events,
                               const SessionProgress& progress) override {
    std::vector<Outgoing> answers;
    for (const StreamEvent& event : events) {
      Outgoing out;
      out.response.set_processed_ms(progress.processed_ms);
      switch (event.kind) {
        case StreamEvent::Kind::kInterim:
          if (event.hypothesis.text == interim_) continue;
          interim_ = event.hypothesis.text;
          *out.response.mutable_result() = ToResult(event, format_);
          out.weight = Weight::kInterim;
          break;
        case StreamEvent::Kind::kFinal:
          interim_.clear();
          *out.response.mutable_result() = ToResult(event, format_);
          break;
        case StreamEvent::Kind::kFlushed:
          out.response.set_flushed(event.flush_id);
          out.weight = Weight::kMark;
          break;
        case StreamEvent::Kind::kSpeechStart:
        case StreamEvent::Kind::kSpeechEnd:
          *out.response.mutable_speech_event() = ToSpeechEvent(event);
          out.weight = Weight::kMark;
          break;
        case StreamEvent::Kind::kEnd:
          continue;
      }
      answers.push_back(std::move(out));
    }
    if (progress_ && answers.empty()) {
      Outgoing out{{}, Weight::kProgress};
      out.response.set_processed_ms(progress.processed_ms);
      answers.push_back(std::move(out));
    }
    return answers;
  }

  void OnCheckpoint(Checkpoint checkpoint) override {
    Outgoing out{{}, Weight::kMark};
    v1::Checkpoint& message = *out.response.mutable_checkpoint();
    message.set_state(std::move(checkpoint.state));
    message.set_requests(checkpoint.requests);
    message.set_request_bytes(checkpoint.request_bytes);
    message.set_moving(checkpoint.moving);
    out.response.set_processed_ms(checkpoint.processed_ms);
    Send(std::move(out));
  }

  bool features_ = false;
  bool progress_ = false;
  ResultFormat format_;
  std::string interim_;  // the last one sent of this utterance; only the sink's calls use it
};

}  // namespace

grpc::ServerBidiReactor<Request, Response>* StreamingRecognize(SpeechCore* core,
                                                               grpc::CallbackServerContext* context,
                                                               Caller caller) {
  return new StreamingCall(core, context, std::move(caller));
}

}  // namespace rill::server
