// The fields of a WAV's fmt chunk and what they mean. Pure functions; any thread. After Microsoft's
// "Multimedia Programming Interface and Data Specifications 1.0" and WAVE_FORMAT_EXTENSIBLE.
#pragma once

#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "model/audio/sample_format.h"

namespace rill {

inline constexpr uint32_t kMinWavFormatBytes = 16;
inline constexpr uint32_t kMaxWavFormatBytes = 4096;

struct WavFormat {
  SampleFormat sample_format;
  int sample_rate;  // as the header says: not checked
  int channels;     // likewise
};

uint16_t LittleEndian16(const uint8_t* bytes);
uint32_t LittleEndian32(const uint8_t* bytes);

// chunk: the body of the fmt chunk, at least kMinWavFormatBytes. Errors name the field.
absl::StatusOr<WavFormat> ParseWavFormat(absl::Span<const uint8_t> chunk);

}  // namespace rill
