// A stream that ends because nobody speaks: Google's VoiceActivityTimeout, in the time of the
// audio, so that it does not depend on how fast the audio comes. One call at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "google/cloud/speech/v1/cloud_speech.pb.h"
#include "model/recognizer.h"

namespace rill::server::google_speech {

class SpeechTimeouts {
 public:
  using Config = ::google::cloud::speech::v1::StreamingRecognitionConfig::VoiceActivityTimeout;

  // None.
  SpeechTimeouts() = default;
  // InvalidArgument: a time that is none, by name. `where` is how the client gets to `config`.
  static absl::StatusOr<SpeechTimeouts> From(const Config& config, const std::string& where);

  bool any() const { return start_ms_ > 0 || end_ms_ > 0; }
  // After words, more than 0; 0: no limit.
  int64_t end_ms() const { return end_ms_; }

  // The stream's speech events, in order.
  void OnEvent(const StreamEvent& event);
  // When the stream is over, in samples, if it is when it has got to `samples`.
  std::optional<int64_t> Expired(int64_t samples) const;

 private:
  int64_t start_ms_ = 0;  // 0: no limit; the same for all
  int64_t end_ms_ = 0;
  std::optional<int64_t> deadline_;  // samples; none while somebody speaks
};

}  // namespace rill::server::google_speech
