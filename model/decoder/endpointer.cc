#include "model/decoder/endpointer.h"

#include "absl/strings/str_cat.h"

namespace rill {
namespace {

constexpr int kMaxMs = 3600 * 1000;

absl::Status CheckRange(const char* field, int value, int min) {
  if (value >= min && value <= kMaxMs) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(field, ": ", value, " is not between ", min, " and ", kMaxMs));
}

}  // namespace

absl::Status EndpointRules::Validate() const {
  absl::Status status = CheckRange("silence_after_words_ms", silence_after_words_ms, 40);
  if (status.ok()) {
    status = CheckRange("silence_without_words_ms", silence_without_words_ms, 0);
  }
  if (status.ok()) status = CheckRange("max_utterance_ms", max_utterance_ms, 0);
  if (status.ok() && max_utterance_ms > 0) {
    status = CheckRange("max_utterance_ms", max_utterance_ms, 1000);
  }
  return status;
}

Endpoint FindEndpoint(const EndpointRules& rules, const UtteranceState& state) {
  if (!rules.enabled) return Endpoint::kNone;
  if (!state.has_words) {
    const bool silent =
        rules.silence_without_words_ms > 0 && state.length_ms >= rules.silence_without_words_ms;
    return silent ? Endpoint::kSilence : Endpoint::kNone;
  }
  if (state.trailing_silence_ms >= rules.silence_after_words_ms) return Endpoint::kSilence;
  if (rules.max_utterance_ms > 0 && state.length_ms >= rules.max_utterance_ms) {
    return Endpoint::kTooLong;
  }
  return Endpoint::kNone;
}

bool SpeechHasBegun(const UtteranceState& state) {
  return state.has_words && state.length_ms >= kCertainSpeechMs;
}

bool SpeechHasFaded(const EndpointRules& rules, const UtteranceState& state) {
  return rules.enabled && !state.has_words &&
         state.trailing_silence_ms >= rules.silence_after_words_ms;
}

}  // namespace rill
