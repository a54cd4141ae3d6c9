#include "server/services/google/result.h"

#include "absl/strings/str_cat.h"

namespace rill::server::google_speech {

google::protobuf::Duration ToDuration(int64_t samples) {
  const int64_t ms = samples / kSamplesPerMs;
  google::protobuf::Duration duration;
  duration.set_seconds(ms / 1000);
  duration.set_nanos(static_cast<int>(ms % 1000 * 1'000'000));
  return duration;
}

speech::SpeechRecognitionAlternative ResultWriter::Alternative(const Hypothesis& spoken,
                                                               bool is_final) const {
  Hypothesis memory;
  const Hypothesis& written = Written(spoken, style_.format, &memory);
  speech::SpeechRecognitionAlternative alternative;
  const bool space = has_words_ && !written.text.empty();
  alternative.set_transcript(space ? absl::StrCat(" ", written.text) : written.text);
  if (is_final) alternative.set_confidence(written.confidence);
  if (!style_.format.word_times && !style_.word_confidence) return alternative;
  for (const Word& word : written.words) {
    speech::WordInfo& info = *alternative.add_words();
    info.set_word(word.text);
    if (style_.format.word_times) {
      *info.mutable_start_time() = ToDuration(word.start);
      *info.mutable_end_time() = ToDuration(word.end);
    }
    if (style_.word_confidence && is_final) info.set_confidence(word.confidence);
  }
  return alternative;
}

template <class Result>
void ResultWriter::Fill(const StreamEvent& event, Result* result) {
  const bool is_final = event.kind == StreamEvent::Kind::kFinal;
  *result->mutable_result_end_time() = ToDuration(event.end);
  result->set_language_code(style_.language);
  *result->add_alternatives() = Alternative(event.hypothesis, is_final);
  if (!is_final) return;
  for (const Hypothesis& other : event.alternatives) {
    *result->add_alternatives() = Alternative(other, is_final);
  }
  has_words_ |= !event.hypothesis.text.empty();
}

std::optional<speech::StreamingRecognitionResult> ResultWriter::Streaming(
    const StreamEvent& event) {
  const bool is_final = event.kind == StreamEvent::Kind::kFinal;
  const std::string sent = std::exchange(interim_, is_final ? "" : event.hypothesis.text);
  const bool silent =
      is_final ? event.hypothesis.text.empty() && sent.empty() : event.hypothesis.text == sent;
  if (silent) return std::nullopt;
  speech::StreamingRecognitionResult result;
  Fill(event, &result);
  result.set_is_final(is_final);
  if (!is_final) result.set_stability(event.hypothesis.stability);
  return result;
}

std::optional<speech::SpeechRecognitionResult> ResultWriter::Recorded(const StreamEvent& event) {
  if (event.hypothesis.text.empty()) return std::nullopt;
  speech::SpeechRecognitionResult result;
  Fill(event, &result);
  return result;
}

}  // namespace rill::server::google_speech
