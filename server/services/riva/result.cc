#include "server/services/riva/result.h"

#include <algorithm>
#include <limits>

#include "absl/strings/str_cat.h"

namespace rill::server::riva {
namespace {

// Clients take 1 for a pause.
constexpr float kMaxStability = 0.99f;
constexpr float kPausedStability = 1;

int32_t Milliseconds(int64_t samples) {
  constexpr int64_t kMax = std::numeric_limits<int32_t>::max();
  return static_cast<int32_t>(std::min(samples / kSamplesPerMs, kMax));
}

}  // namespace

asr::SpeechRecognitionAlternative ResultWriter::Alternative(const Hypothesis& spoken,
                                                            bool is_final) const {
  Hypothesis memory;
  const Hypothesis& written = Written(spoken, style_.format, &memory);
  asr::SpeechRecognitionAlternative alternative;
  const bool space = has_words_ && !written.text.empty();
  alternative.set_transcript(space ? absl::StrCat(" ", written.text) : written.text);
  if (is_final) alternative.set_confidence(written.confidence);
  if (!style_.language.empty()) alternative.add_language_code(style_.language);
  if (!style_.format.word_times) return alternative;
  for (const Word& word : written.words) {
    asr::WordInfo& info = *alternative.add_words();
    info.set_word(word.text);
    info.set_start_time(Milliseconds(word.start));
    info.set_end_time(Milliseconds(word.end));
    if (is_final) info.set_confidence(word.confidence);
  }
  return alternative;
}

template <class Result>
void ResultWriter::Fill(const StreamEvent& event, Result* result) {
  const bool is_final = event.kind == StreamEvent::Kind::kFinal;
  result->set_channel_tag(1);
  result->set_audio_processed(static_cast<float>(Milliseconds(event.end)) / 1000);
  *result->add_alternatives() = Alternative(event.hypothesis, is_final);
  if (!is_final) return;
  for (const Hypothesis& other : event.alternatives) {
    *result->add_alternatives() = Alternative(other, is_final);
  }
  // Clients that join the nth transcripts of all results want as many in each.
  while (result->alternatives_size() < style_.alternatives) {
    *result->add_alternatives() = result->alternatives(0);
  }
  has_words_ |= !event.hypothesis.text.empty();
}

asr::StreamingRecognitionResult ResultWriter::One(const StreamEvent& event, float stability) {
  asr::StreamingRecognitionResult result;
  Fill(event, &result);
  result.set_is_final(event.kind == StreamEvent::Kind::kFinal);
  if (!result.is_final()) result.set_stability(stability);
  return result;
}

bool ResultWriter::Pauses(int64_t processed_ms) const {
  const std::vector<Word>& words = interim_.hypothesis.words;
  return style_.pause_ms > 0 && !words.empty() &&
         processed_ms >= words.back().end / kSamplesPerMs + style_.pause_ms;
}

std::vector<asr::StreamingRecognitionResult> ResultWriter::Streaming(
    std::vector<StreamEvent> events, int64_t processed_ms) {
  std::vector<asr::StreamingRecognitionResult> results;
  for (StreamEvent& event : events) {
    if (event.kind == StreamEvent::Kind::kFinal) {
      results.push_back(One(event, 0));
      interim_ = {};
      pause_is_told_ = true;
    } else if (event.kind == StreamEvent::Kind::kInterim) {
      const bool changed = event.hypothesis.text != interim_.hypothesis.text;
      interim_ = std::move(event);
      if (!changed) continue;
      pause_is_told_ = false;
      results.push_back(One(interim_, std::min(interim_.hypothesis.stability, kMaxStability)));
    }
  }
  if (!pause_is_told_ && Pauses(processed_ms)) {
    pause_is_told_ = true;
    interim_.end = processed_ms * kSamplesPerMs;
    results.push_back(One(interim_, kPausedStability));
  }
  return results;
}

asr::SpeechRecognitionResult ResultWriter::Recorded(const StreamEvent& event) {
  asr::SpeechRecognitionResult result;
  Fill(event, &result);
  return result;
}

}  // namespace rill::server::riva
