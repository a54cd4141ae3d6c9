// MonoDecoder of native FLAC: reads the metadata itself, skipping all but STREAMINFO, so that tags
// and pictures cost no memory, and hands the frames to FlacFrameDecoder.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "model/audio/audio_format.h"
#include "model/audio/flac_frame_decoder.h"
#include "model/audio/header_bytes.h"
#include "model/audio/mono_decoder.h"

namespace rill {

class FlacDecoder : public MonoDecoder {
 public:
  explicit FlacDecoder(const AudioFormat& expected);

  absl::Status Accept(absl::Span<const uint8_t> bytes, std::vector<float>* samples) override;
  absl::Status Finish(std::vector<float>* samples) override;
  int sample_rate() const override { return sample_rate_; }
  int channels() const override { return channels_; }
  void Save(StateWriter& writer) const override;
  void Load(StateReader& reader) override;

 private:
  enum class State { kEmpty, kMagic, kBlock, kStreamInfo, kSkip, kFrames };

  absl::Status ReadHeaderPart();
  absl::Status MakeFrameDecoder(absl::Span<const uint8_t> stream_info);
  void NextBlock();

  const AudioFormat expected_;
  State state_ = State::kEmpty;
  HeaderBytes header_;
  bool last_block_ = false;
  uint32_t remaining_ = 0;      // bytes of the block that is skipped
  uint64_t skipped_bytes_ = 0;  // of all blocks
  int sample_rate_ = 0;
  int channels_ = 0;
  std::unique_ptr<FlacFrameDecoder> frames_;
};

}  // namespace rill
