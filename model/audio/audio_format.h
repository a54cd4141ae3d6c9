// How a client's audio is encoded. A plain value; any thread.
#pragma once

#include <cstdint>

#include "absl/status/status.h"

namespace rill {

enum class AudioEncoding {
  kAuto,      // WAV, FLAC or Ogg, told apart by their first bytes; anything else is an error
  kLinear16,  // signed 16-bit little-endian
  kFloat32,   // IEEE little-endian in [-1, 1]
  kWav,
  kFlac,
};

struct AudioFormat {
  AudioEncoding encoding = AudioEncoding::kAuto;
  int sample_rate = 0;  // Hz, 4,000 to 192,000; must be given for raw PCM, and is ignored or checked against the header else
  int channels = 1;     // 1..8, interleaved; mixed down to one

  absl::Status Validate() const;  // names the field at fault
};

}  // namespace rill
