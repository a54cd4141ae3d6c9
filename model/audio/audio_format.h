// How a client's audio is encoded. A plain value; any thread.
#pragma once

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace rill {

enum class AudioEncoding {
  kAuto,      // WAV or FLAC, told apart by their first bytes; anything else is an error
  kLinear16,  // signed 16-bit little-endian
  kFloat32,   // IEEE little-endian in [-1, 1]
  kWav,
  kFlac,
  kMuLaw,  // G.711, a byte a sample
  kALaw,
};

// Without a header: the rate must be given.
bool IsRaw(AudioEncoding encoding);

inline constexpr int kMinSampleRate = 4'000;    // Hz
inline constexpr int kMaxSampleRate = 192'000;  // Hz
inline constexpr int kMaxChannels = 8;

struct AudioFormat {
  AudioEncoding encoding = AudioEncoding::kAuto;
  // Hz, kMinSampleRate to kMaxSampleRate. Must be given if IsRaw. For WAV and FLAC the header
  // decides; 0 leaves it to the header, anything else must agree with it.
  int sample_rate = 0;
  // 1 (also if 0) to kMaxChannels, interleaved; mixed down to one. For WAV and FLAC the header
  // decides; a number above 1 must agree with it.
  int channels = 1;
  // Of raw encodings: bytes that begin as WAV or FLAC are that, and their header decides about
  // everything; others are raw. Ogg is an error.
  bool may_have_header = false;

  absl::Status Validate() const;  // InvalidArgument that names the field at fault

  // Whether what a header says is usable and agrees with this. `container` is for the message.
  absl::Status CheckHeader(absl::string_view container, int header_rate, int header_channels) const;
};

}  // namespace rill
