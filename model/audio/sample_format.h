// The encodings of one PCM sample and their conversion to float. Pure functions; any thread.
#pragma once

#include <cstdint>

#include "absl/types/span.h"

namespace rill {

enum class SampleFormat {
  kUnsigned8,
  kSigned16,
  kSigned24,
  kSigned32,
  kFloat32,
  kFloat64,
  kMuLaw,
  kALaw
};

// Bytes of one sample; all are little-endian.
int SampleBytes(SampleFormat format);

// A usable sample out of anything: not-a-number and the infinities become 0, what lies beyond [-1,
// 1] is clipped.
float CleanSample(double sample);

// Converts whole frames, bytes.size() / (SampleBytes * channels) of them, to the means of their
// channels. mono: room for as many floats.
void ConvertToMono(SampleFormat format, int channels, absl::Span<const uint8_t> bytes, float* mono);

}  // namespace rill
