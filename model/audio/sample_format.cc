#include "model/audio/sample_format.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>

namespace rill {
namespace {

static_assert(std::endian::native == std::endian::little, "samples are read as they lie in memory");

// ITU-T G.711: sign, three bits of segment, four of step, as amplitudes of 16 bits.
constexpr float FromMuLaw(uint8_t code) {
  const int bits = ~code & 0xFF;
  const int magnitude = (((bits & 0x0F) << 3) + 0x84) << ((bits >> 4) & 7);
  return static_cast<float>((bits & 0x80) != 0 ? 0x84 - magnitude : magnitude - 0x84) / 32768.0f;
}

constexpr float FromALaw(uint8_t code) {
  const int bits = code ^ 0x55;
  const int segment = (bits >> 4) & 7;
  const int step = ((bits & 0x0F) << 4) + 8;
  const int magnitude = segment == 0 ? step : (step + 0x100) << (segment - 1);
  return static_cast<float>((bits & 0x80) != 0 ? magnitude : -magnitude) / 32768.0f;
}

template <float (*convert)(uint8_t)>
constexpr std::array<float, 256> Table() {
  std::array<float, 256> table{};
  for (int code = 0; code < 256; ++code) table[code] = convert(static_cast<uint8_t>(code));
  return table;
}

constexpr std::array<float, 256> kMuLawTable = Table<FromMuLaw>();
constexpr std::array<float, 256> kALawTable = Table<FromALaw>();

template <typename T>
T Load(const uint8_t* bytes) {
  T value;
  std::memcpy(&value, bytes, sizeof value);
  return value;
}

template <SampleFormat format>
float ToFloat(const uint8_t* p) {
  if constexpr (format == SampleFormat::kUnsigned8) {
    return static_cast<float>(*p - 128) / 128.0f;
  } else if constexpr (format == SampleFormat::kSigned16) {
    return static_cast<float>(Load<int16_t>(p)) / 32768.0f;
  } else if constexpr (format == SampleFormat::kSigned24) {
    const int32_t high = Load<int16_t>(p + 1);
    return static_cast<float>(high * 256 + *p) / 8388608.0f;
  } else if constexpr (format == SampleFormat::kSigned32) {
    return static_cast<float>(Load<int32_t>(p)) / 2147483648.0f;
  } else if constexpr (format == SampleFormat::kFloat32) {
    return CleanSample(Load<float>(p));
  } else if constexpr (format == SampleFormat::kFloat64) {
    return CleanSample(Load<double>(p));
  } else if constexpr (format == SampleFormat::kMuLaw) {
    return kMuLawTable[*p];
  } else {
    return kALawTable[*p];
  }
}

template <SampleFormat format>
void Convert(int channels, absl::Span<const uint8_t> bytes, float* mono) {
  const int sample_bytes = SampleBytes(format);
  const size_t frames = bytes.size() / (static_cast<size_t>(sample_bytes) * channels);
  const uint8_t* p = bytes.data();
  for (size_t i = 0; i < frames; ++i) {
    float sum = 0;
    for (int c = 0; c < channels; ++c, p += sample_bytes) sum += ToFloat<format>(p);
    mono[i] = sum / static_cast<float>(channels);
  }
}

}  // namespace

int SampleBytes(SampleFormat format) {
  switch (format) {
    case SampleFormat::kUnsigned8:
    case SampleFormat::kMuLaw:
    case SampleFormat::kALaw:
      return 1;
    case SampleFormat::kSigned16:
      return 2;
    case SampleFormat::kSigned24:
      return 3;
    case SampleFormat::kSigned32:
    case SampleFormat::kFloat32:
      return 4;
    case SampleFormat::kFloat64:
      return 8;
  }
  return 0;
}

float CleanSample(double sample) {
  return std::isfinite(sample) ? static_cast<float>(std::clamp(sample, -1.0, 1.0)) : 0.0f;
}

void ConvertToMono(SampleFormat format, int channels, absl::Span<const uint8_t> bytes,
                   float* mono) {
  switch (format) {
    case SampleFormat::kUnsigned8:
      return Convert<SampleFormat::kUnsigned8>(channels, bytes, mono);
    case SampleFormat::kSigned16:
      return Convert<SampleFormat::kSigned16>(channels, bytes, mono);
    case SampleFormat::kSigned24:
      return Convert<SampleFormat::kSigned24>(channels, bytes, mono);
    case SampleFormat::kSigned32:
      return Convert<SampleFormat::kSigned32>(channels, bytes, mono);
    case SampleFormat::kFloat32:
      return Convert<SampleFormat::kFloat32>(channels, bytes, mono);
    case SampleFormat::kFloat64:
      return Convert<SampleFormat::kFloat64>(channels, bytes, mono);
    case SampleFormat::kMuLaw:
      return Convert<SampleFormat::kMuLaw>(channels, bytes, mono);
    case SampleFormat::kALaw:
      return Convert<SampleFormat::kALaw>(channels, bytes, mono);
  }
}

}  // namespace rill
