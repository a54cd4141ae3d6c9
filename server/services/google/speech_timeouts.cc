#include "server/services/google/speech_timeouts.h"

#include "server/services/foreign_config.h"
#include "server/services/invalid_field.h"
#include "server/services/result_format.h"

namespace rill::server::google_speech {
namespace {

// Rounded up to milliseconds, so that any time is one.
absl::StatusOr<int64_t> ToMs(const google::protobuf::Duration& duration, const std::string& field) {
  constexpr int64_t kMaxSeconds = 1'000'000'000;
  if (duration.seconds() < 0 || duration.seconds() > kMaxSeconds || duration.nanos() < 0 ||
      duration.nanos() > 999'999'999) {
    return InvalidField(field, "is not a time to wait");
  }
  return duration.seconds() * 1000 + (duration.nanos() + 999'999) / 1'000'000;
}

}  // namespace

absl::StatusOr<SpeechTimeouts> SpeechTimeouts::From(const Config& config,
                                                    const std::string& where) {
  const auto start_ms = ToMs(config.speech_start_timeout(), where + ".speech_start_timeout");
  if (!start_ms.ok()) return start_ms.status();
  const auto end_ms = ToMs(config.speech_end_timeout(), where + ".speech_end_timeout");
  if (!end_ms.ok()) return end_ms.status();
  SpeechTimeouts timeouts;
  timeouts.start_ms_ = *start_ms;
  timeouts.end_ms_ = *end_ms;
  if (*start_ms > 0) timeouts.deadline_ = *start_ms * kSamplesPerMs;
  return timeouts;
}

void SpeechTimeouts::OnEvent(const StreamEvent& event) {
  if (event.kind == StreamEvent::Kind::kSpeechStart) {
    deadline_.reset();
  } else if (event.kind == StreamEvent::Kind::kSpeechEnd && end_ms_ > 0) {
    deadline_ = event.start + end_ms_ * kSamplesPerMs;
  }
}

std::optional<int64_t> SpeechTimeouts::Expired(int64_t samples) const {
  return deadline_ && *deadline_ <= samples ? deadline_ : std::nullopt;
}

}  // namespace rill::server::google_speech
