#include "model/audio/wav_header.h"

#include <algorithm>
#include <limits>

#include "absl/strings/str_cat.h"

namespace rill {
namespace {

// wFormatTag.
constexpr uint16_t kPcm = 1;
constexpr uint16_t kFloat = 3;
constexpr uint16_t kALaw = 6;
constexpr uint16_t kMuLaw = 7;
constexpr uint16_t kExtensible = 0xFFFE;

// What follows the format tag in an extensible format's GUID.
constexpr uint8_t kGuidRest[] = {0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xAA, 0, 0x38, 0x9B, 0x71};
constexpr size_t kGuidOffset = 24;
constexpr size_t kExtensibleBytes = 40;

absl::StatusOr<SampleFormat> FindSampleFormat(uint16_t tag, uint16_t bits) {
  struct Known {
    uint16_t tag, bits;
    SampleFormat format;
  };
  static constexpr Known kKnown[] = {
      {kPcm, 8, SampleFormat::kUnsigned8},  {kPcm, 16, SampleFormat::kSigned16},
      {kPcm, 24, SampleFormat::kSigned24},  {kPcm, 32, SampleFormat::kSigned32},
      {kFloat, 32, SampleFormat::kFloat32}, {kFloat, 64, SampleFormat::kFloat64},
      {kMuLaw, 8, SampleFormat::kMuLaw},    {kALaw, 8, SampleFormat::kALaw},
  };
  bool known_tag = false;
  for (const Known& known : kKnown) {
    if (known.tag == tag && known.bits == bits) return known.format;
    known_tag |= known.tag == tag;
  }
  return absl::InvalidArgumentError(
      known_tag
          ? absl::StrCat("WAV header: wBitsPerSample: ", bits, " is not supported in format ", tag)
          : absl::StrCat("WAV header: wFormatTag: ", tag,
                         " is not PCM (1), float (3), A-law (6) or mu-law (7)"));
}

}  // namespace

uint16_t LittleEndian16(const uint8_t* bytes) {
  return static_cast<uint16_t>(bytes[0] | bytes[1] << 8);
}

uint32_t LittleEndian32(const uint8_t* bytes) {
  return LittleEndian16(bytes) | static_cast<uint32_t>(LittleEndian16(bytes + 2)) << 16;
}

absl::StatusOr<WavFormat> ParseWavFormat(absl::Span<const uint8_t> chunk) {
  uint16_t tag = LittleEndian16(&chunk[0]);
  const uint16_t channels = LittleEndian16(&chunk[2]);
  const uint32_t rate = LittleEndian32(&chunk[4]);
  const uint16_t frame_bytes = LittleEndian16(&chunk[12]);
  const uint16_t bits = LittleEndian16(&chunk[14]);
  if (tag == kExtensible) {
    if (chunk.size() < kExtensibleBytes ||
        !std::equal(std::begin(kGuidRest), std::end(kGuidRest), &chunk[kGuidOffset + 2])) {
      return absl::InvalidArgumentError("WAV header: SubFormat: is missing or not an audio format");
    }
    tag = LittleEndian16(&chunk[kGuidOffset]);
  }
  const absl::StatusOr<SampleFormat> format = FindSampleFormat(tag, bits);
  if (!format.ok()) return format.status();
  if (frame_bytes != channels * SampleBytes(*format)) {
    return absl::InvalidArgumentError(absl::StrCat("WAV header: nBlockAlign: is ", frame_bytes,
                                                   " but ", channels, " channels of ", bits,
                                                   " bits need ", channels * SampleBytes(*format)));
  }
  constexpr uint32_t kMax = std::numeric_limits<int>::max();
  return WavFormat{*format, static_cast<int>(std::min(rate, kMax)), channels};
}

}  // namespace rill
