// Events of a stream as results of Google's, one stream's in order: a transcript after the first
// with words begins with a space, so that clients that join transcripts get the text. One call at a
// time.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "google/cloud/speech/v1/cloud_speech.pb.h"
#include "model/recognizer.h"
#include "server/services/google/config.h"

namespace rill::server::google_speech {

// Whole milliseconds.
google::protobuf::Duration ToDuration(int64_t samples);

class ResultWriter {
 public:
  explicit ResultWriter(ResultStyle style) : style_(std::move(style)) {}

  // Of a kInterim or kFinal. Nothing if it says nothing: an interim result whose text was sent
  // already, noise that nothing was sent of.
  std::optional<speech::StreamingRecognitionResult> Streaming(const StreamEvent& event);
  // Of a kFinal. Nothing if it has no words.
  std::optional<speech::SpeechRecognitionResult> Recorded(const StreamEvent& event);

 private:
  template <class Result>
  void Fill(const StreamEvent& event, Result* result);
  speech::SpeechRecognitionAlternative Alternative(const Hypothesis& spoken, bool is_final) const;

  const ResultStyle style_;
  bool has_words_ = false;  // an utterance so far
  std::string interim_;     // the last one sent of this utterance
};

}  // namespace rill::server::google_speech
