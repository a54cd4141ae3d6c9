// When an utterance ends, and when somebody can be said to speak: a pure policy on times, without
// clock, audio or model. Any thread; immutable.
#pragma once

#include <cstdint>

#include "absl/status/status.h"

namespace rill {

// Times are at most an hour.
struct EndpointRules {
  bool enabled = true;
  int silence_after_words_ms = 1000;  // words, then this much without a letter; at least 40
  int silence_without_words_ms =
      0;  // nothing heard for this long: a final result without words; 0: never
  int max_utterance_ms =
      20000;  // an utterance is cut here at the latest, 1000 or more; 0: after ten minutes

  absl::Status Validate() const;  // names the field at fault
};

struct UtteranceState {
  bool has_words = false;
  int64_t length_ms =
      0;  // since the first word began, or since the last utterance if there is none
  int64_t trailing_silence_ms = 0;  // since the last letter
};

enum class Endpoint {
  kNone,
  kSilence,  // the speaker has paused
  kTooLong,  // the speaker has not: cut between words
};

Endpoint FindEndpoint(const EndpointRules& rules, const UtteranceState& state);

// Somebody speaks: the first word began so long ago that its letters are hardly ever taken back.
inline constexpr int kCertainSpeechMs = 200;
bool SpeechHasBegun(const UtteranceState& state);
// And does so no more, though no words are left of it that an endpoint could end.
bool SpeechHasFaded(const EndpointRules& rules, const UtteranceState& state);

}  // namespace rill
