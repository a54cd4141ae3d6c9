// MonoDecoder of headerless interleaved PCM: LINEAR16, FLOAT32, G.711, and the data chunk of a WAV.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "model/audio/audio_format.h"
#include "model/audio/mono_decoder.h"
#include "model/audio/sample_format.h"

namespace rill {

class PcmDecoder : public MonoDecoder {
 public:
  // channels: 1..kMaxChannels.
  PcmDecoder(SampleFormat format, int channels, int sample_rate);

  absl::Status Accept(absl::Span<const uint8_t> bytes, std::vector<float>* samples) override;

  // A last frame that is not whole is dropped.
  absl::Status Finish(std::vector<float>* samples) override;

  SampleFormat format() const { return format_; }
  int sample_rate() const override { return sample_rate_; }
  int channels() const override { return channels_; }
  void Save(StateWriter& writer) const override;
  void Load(StateReader& reader) override;

 private:
  const SampleFormat format_;
  const int channels_;
  const int sample_rate_;
  const size_t frame_bytes_;
  std::array<uint8_t, 8 * kMaxChannels> partial_;  // the beginning of a frame cut between calls
  size_t partial_bytes_ = 0;
};

}  // namespace rill
