#include "server/services/google/responses.h"

#include <optional>

namespace rill::server::google_speech {

std::vector<speech::StreamingRecognizeResponse> Responses::Take(
    const std::vector<StreamEvent>& events, int64_t processed_ms) {
  responses_.clear();
  for (const StreamEvent& event : events) {
    if (timed_out_) break;
    TakeOne(event);
  }
  if (!timed_out_) TimeOut(processed_ms * kSamplesPerMs);
  return std::move(responses_);
}

void Responses::TakeOne(const StreamEvent& event) {
  switch (event.kind) {
    case StreamEvent::Kind::kInterim:
    case StreamEvent::Kind::kFinal:
      return AddResult(event);
    case StreamEvent::Kind::kSpeechStart:
      if (TimeOut(event.start)) return;
      if (options_.activity_events) AddEvent(Response::SPEECH_ACTIVITY_BEGIN, event.start);
      return timeouts_.OnEvent(event);
    case StreamEvent::Kind::kSpeechEnd:
      if (options_.activity_events) AddEvent(Response::SPEECH_ACTIVITY_END, event.start);
      return timeouts_.OnEvent(event);
    case StreamEvent::Kind::kEnd:
      if (options_.single_utterance) EndUtterance(event.end);
      return;
    case StreamEvent::Kind::kFlushed:
      return;
  }
}

void Responses::AddResult(const StreamEvent& event) {
  auto result = writer_.Streaming(event);
  if (!result) return;
  const bool ends = event.kind == StreamEvent::Kind::kFinal && !event.hypothesis.text.empty();
  if (options_.single_utterance && ends) EndUtterance(event.end);
  Response response;
  *response.add_results() = *std::move(result);
  responses_.push_back(std::move(response));
}

void Responses::AddEvent(Response::SpeechEventType type, int64_t samples) {
  Response response;
  response.set_speech_event_type(type);
  *response.mutable_speech_event_time() = ToDuration(samples);
  responses_.push_back(std::move(response));
}

void Responses::EndUtterance(int64_t samples) {
  if (utterance_ended_) return;
  utterance_ended_ = true;
  AddEvent(Response::END_OF_SINGLE_UTTERANCE, samples);
}

bool Responses::TimeOut(int64_t samples) {
  const std::optional<int64_t> deadline = timeouts_.Expired(samples);
  if (!deadline || utterance_ended_) return false;
  timed_out_ = true;
  AddEvent(Response::SPEECH_ACTIVITY_TIMEOUT, *deadline);
  return true;
}

}  // namespace rill::server::google_speech
