// Events of a stream as results of Riva's, one stream's in order: a transcript after the first with
// words begins with a space, so that clients that join transcripts get the text. One call at a
// time.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "model/recognizer.h"
#include "riva/proto/riva_asr.pb.h"
#include "server/services/riva/config.h"

namespace rill::server::riva {

class ResultWriter {
 public:
  explicit ResultWriter(ResultStyle style) : style_(std::move(style)) {}

  // Of a step's events, of which there may be none; `processed_ms`: how far it got. An interim
  // result comes if its text is new, and once more if a pause follows that the client waits for.
  std::vector<asr::StreamingRecognitionResult> Streaming(std::vector<StreamEvent> events,
                                                         int64_t processed_ms);
  // Of a kFinal.
  asr::SpeechRecognitionResult Recorded(const StreamEvent& event);

 private:
  asr::StreamingRecognitionResult One(const StreamEvent& event, float stability);
  bool Pauses(int64_t processed_ms) const;
  template <class Result>
  void Fill(const StreamEvent& event, Result* result);
  asr::SpeechRecognitionAlternative Alternative(const Hypothesis& spoken, bool is_final) const;

  const ResultStyle style_;
  bool has_words_ = false;     // an utterance so far
  StreamEvent interim_;        // the last one of this utterance
  bool pause_is_told_ = true;  // after it
};

}  // namespace rill::server::riva
