// What the audio tests share: recordings as bytes, made by libsndfile, and decoding them in pieces.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "model/audio/audio_decoder.h"

namespace rill {

using Bytes = std::vector<uint8_t>;

std::string TestClip(const std::string& name);  // path of a clip in tests/data
Bytes ReadBytes(const std::string& path);
// Writes a file of this test's own and gives its path.
std::string WriteTemporary(const Bytes& bytes);

// Little-endian.
void Append16(uint16_t value, Bytes* bytes);
void Append32(uint32_t value, Bytes* bytes);
void AppendText(const std::string& text, Bytes* bytes);

// Interleaved tones that differ from channel to channel, in [-0.9, 0.9].
std::vector<float> Tones(int channels, int sample_rate, size_t frames);

// As libsndfile writes it; format is one of SF_FORMAT_... with a subtype.
Bytes Encode(const std::vector<float>& interleaved, int channels, int sample_rate, int format);

struct Decoded {
  absl::Status status;
  std::vector<float> samples;
};

// Gives the bytes in pieces of random lengths from 1 to `longest`, then ends the audio.
Decoded Decode(const AudioFormat& format, const Bytes& bytes, size_t longest = SIZE_MAX,
               unsigned seed = 1, int output_rate = 16000);

}  // namespace rill
