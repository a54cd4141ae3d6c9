// MonoDecoder of WAV: PCM of 8, 16, 24 and 32 bits, float of 32 and 64, A-law and mu-law. Chunks
// may come in any order before the data; data of size 0 or 0xFFFFFFFF, as streaming programs write,
// lasts to the end of the bytes; what follows the data is ignored.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "model/audio/audio_format.h"
#include "model/audio/header_bytes.h"
#include "model/audio/mono_decoder.h"
#include "model/audio/pcm_decoder.h"

namespace rill {

class WavDecoder : public MonoDecoder {
 public:
  explicit WavDecoder(const AudioFormat& expected);

  absl::Status Accept(absl::Span<const uint8_t> bytes, std::vector<float>* samples) override;
  absl::Status Finish(std::vector<float>* samples) override;
  int sample_rate() const override { return pcm_ == nullptr ? 0 : pcm_->sample_rate(); }
  int channels() const override { return pcm_ == nullptr ? 0 : pcm_->channels(); }
  void Save(StateWriter& writer) const override;
  void Load(StateReader& reader) override;

 private:
  enum class State { kEmpty, kRiff, kChunk, kFormat, kSkip, kData, kRest };

  absl::Status ReadHeaderPart();
  absl::Status BeginChunk(absl::Span<const uint8_t> header);

  const AudioFormat expected_;
  State state_ = State::kEmpty;
  HeaderBytes header_;
  uint64_t remaining_ = 0;      // bytes of the chunk that is skipped or decoded
  uint64_t skipped_bytes_ = 0;  // of all chunks before the data
  std::unique_ptr<PcmDecoder> pcm_;
};

}  // namespace rill
