// Audio on its way to a server, piece by piece: a file, standard input or a microphone.
// Thread rule: one thread at a time.
#pragma once

#include <chrono>
#include <string>

#include "absl/status/statusor.h"
#include "rill/v1/rill.pb.h"

namespace rill::client {

struct AudioPiece {
  std::string bytes;  // empty: the audio is over
  // How long it lasts; 0 if that cannot be told from the bytes (WAV or FLAC passed on as they are).
  std::chrono::microseconds duration{0};
};

class AudioSource {
 public:
  virtual ~AudioSource() = default;

  // What the bytes are, for RecognitionConfig.audio.
  virtual v1::AudioFormat format() const = 0;

  // Up to `duration` of audio; waits for it if it is live.
  virtual absl::StatusOr<AudioPiece> Read(std::chrono::milliseconds duration) = 0;

  // The length of all of it; 0 if not known.
  virtual double seconds() const { return 0; }
};

}  // namespace rill::client
