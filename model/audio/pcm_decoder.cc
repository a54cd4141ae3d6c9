#include "model/audio/pcm_decoder.h"

#include <algorithm>

namespace rill {

PcmDecoder::PcmDecoder(SampleFormat format, int channels, int sample_rate)
    : format_(format),
      channels_(channels),
      sample_rate_(sample_rate),
      frame_bytes_(static_cast<size_t>(SampleBytes(format)) * channels) {}

absl::Status PcmDecoder::Accept(absl::Span<const uint8_t> bytes, std::vector<float>* samples) {
  if (partial_bytes_ > 0) {
    const size_t taken = std::min(frame_bytes_ - partial_bytes_, bytes.size());
    std::copy_n(bytes.data(), taken, partial_.data() + partial_bytes_);
    partial_bytes_ += taken;
    bytes.remove_prefix(taken);
    if (partial_bytes_ < frame_bytes_) return absl::OkStatus();
    samples->push_back(0);
    ConvertToMono(format_, channels_, {partial_.data(), frame_bytes_}, &samples->back());
    partial_bytes_ = 0;
  }
  const size_t frames = bytes.size() / frame_bytes_;
  const size_t old_size = samples->size();
  samples->resize(old_size + frames);
  ConvertToMono(format_, channels_, bytes, samples->data() + old_size);
  bytes.remove_prefix(frames * frame_bytes_);
  std::copy(bytes.begin(), bytes.end(), partial_.begin());
  partial_bytes_ = bytes.size();
  return absl::OkStatus();
}

absl::Status PcmDecoder::Finish(std::vector<float>* samples) {
  partial_bytes_ = 0;
  return absl::OkStatus();
}

void PcmDecoder::Save(StateWriter& writer) const {
  writer.WriteAll<uint8_t>(absl::MakeConstSpan(partial_.data(), partial_bytes_));
}

void PcmDecoder::Load(StateReader& reader) {
  const std::vector<uint8_t> partial = reader.ReadAll<uint8_t>(frame_bytes_ - 1, "PCM frame");
  std::copy(partial.begin(), partial.end(), partial_.begin());
  partial_bytes_ = partial.size();
}

}  // namespace rill
