// Reads a whole recording of any format, rate and channel count that libsndfile knows (WAV, FLAC,
// Ogg Vorbis and Opus, MP3, AIFF, ...). Pure functions; any thread.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace rill {

struct AudioClip {
  std::vector<float> samples;  // mono, in [-1, 1]
  int sample_rate = 0;         // Hz
};

// Mixed down to mono, cleaned as by AudioDecoder. Errors name the path.
absl::StatusOr<AudioClip> ReadAudioFile(const std::string& path);

// As above, resampled to `rate` if it is not the file's own.
absl::StatusOr<std::vector<float>> ReadAudioFileAt(const std::string& path, int rate);

}  // namespace rill
