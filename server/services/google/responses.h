// What a stream says to its client: a result or an event each, in order, until it is over. One call
// at a time.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "google/cloud/speech/v1/cloud_speech.pb.h"
#include "model/recognizer.h"
#include "server/services/google/result.h"
#include "server/services/google/speech_timeouts.h"

namespace rill::server::google_speech {

class Responses {
 public:
  struct Options {
    bool single_utterance = false;  // tell of its end; the core ends the stream
    bool activity_events = false;   // tell of speech that begins and ends
    SpeechTimeouts timeouts;
  };

  Responses(ResultStyle style, const Options& options)
      : writer_(std::move(style)), options_(options), timeouts_(options.timeouts) {}

  // Of a step's events; `processed_ms`: how far it got. Nothing once timed_out.
  std::vector<speech::StreamingRecognizeResponse> Take(const std::vector<StreamEvent>& events,
                                                       int64_t processed_ms);

  // The last response was SPEECH_ACTIVITY_TIMEOUT: what comes now is not looked at.
  bool timed_out() const { return timed_out_; }

 private:
  using Response = speech::StreamingRecognizeResponse;

  void TakeOne(const StreamEvent& event);
  void AddResult(const StreamEvent& event);
  void AddEvent(Response::SpeechEventType type, int64_t samples);
  void EndUtterance(int64_t samples);
  // The silence up to there was too long.
  bool TimeOut(int64_t samples);

  ResultWriter writer_;
  const Options options_;
  SpeechTimeouts timeouts_;
  bool utterance_ended_ = false;  // has been told
  bool timed_out_ = false;
  std::vector<Response> responses_;  // of this step
};

}  // namespace rill::server::google_speech
