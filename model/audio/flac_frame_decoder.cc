#include "model/audio/flac_frame_decoder.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"

namespace rill {
namespace {

// Of one call: a few bytes a frame can be an hour of silence, and what they become takes memory
// before anybody can look at it. Pieces of 4 KB of speech have less than a second.
constexpr uint64_t kMaxSamplesPerCall = 4 << 20;
// More bytes that are waited for before a frame is tried again.
constexpr size_t kMaxRetryBytes = 4096;

// Twice what the largest frame takes if stored without compression: no encoder writes more.
size_t MaxFrameBytes(const FlacStreamInfo& info) {
  const size_t bits = static_cast<size_t>(info.max_block_samples) * info.channels *
                      (static_cast<size_t>(info.bits_per_sample) + 1);
  return 2 * (bits / 8) + 1024;
}

absl::Status FrameTooLarge(const FlacStreamInfo& info, uint64_t decoded_samples) {
  return absl::InvalidArgumentError(absl::StrCat(
      "FLAC: the frame after ", decoded_samples,
      " samples is larger than STREAMINFO's maximum block size of ", info.max_block_samples));
}

}  // namespace

FlacStreamInfo ParseFlacStreamInfo(absl::Span<const uint8_t> block) {
  FlacStreamInfo info;
  std::copy_n(block.begin(), FlacStreamInfo::kBytes, info.bytes.begin());
  info.max_block_samples = block[2] << 8 | block[3];
  info.sample_rate = block[10] << 12 | block[11] << 4 | block[12] >> 4;
  info.channels = (block[12] >> 1 & 7) + 1;
  info.bits_per_sample = ((block[12] & 1) << 4 | block[13] >> 4) + 1;
  info.total_samples = block[13] & 0x0F;
  for (int i = 14; i < 18; ++i) info.total_samples = info.total_samples << 8 | block[i];
  return info;
}

FlacFrameDecoder::FlacFrameDecoder(const FlacStreamInfo& info)
    : info_(info),
      max_frame_bytes_(MaxFrameBytes(info)),
      decoder_(FLAC__stream_decoder_new(), FLAC__stream_decoder_delete) {
  Open();
}

void FlacFrameDecoder::Open() {
  if (decoder_ == nullptr || FLAC__stream_decoder_init_stream(
                                 decoder_.get(), Read, nullptr, Tell, nullptr, nullptr, Write,
                                 nullptr, Error, this) != FLAC__STREAM_DECODER_INIT_STATUS_OK) {
    status_ = absl::ResourceExhaustedError("FLAC: no decoder could be made");
    return;
  }
  // A header of STREAMINFO alone; its first byte marks the last metadata block.
  input_ = {'f', 'L', 'a', 'C', 0x80, 0, 0, FlacStreamInfo::kBytes};
  input_.insert(input_.end(), info_.bytes.begin(), info_.bytes.end());
  if (!FLAC__stream_decoder_process_until_end_of_metadata(decoder_.get())) {
    if (status_.ok()) status_ = absl::InvalidArgumentError("FLAC header: STREAMINFO is not valid");
    return;
  }
  input_.clear();
  read_ = 0;
}

absl::Status FlacFrameDecoder::Accept(absl::Span<const uint8_t> bytes,
                                      std::vector<float>* samples) {
  // What follows the last sample (a tag, say) is no audio.
  if (info_.total_samples != 0 && decoded_samples_ >= info_.total_samples) return status_;
  input_.insert(input_.end(), bytes.begin(), bytes.end());
  if (!status_.ok() || input_.size() < retry_size_) return status_;
  return DecodeFrames(samples);
}

absl::Status FlacFrameDecoder::Finish(std::vector<float>* samples) {
  ended_ = true;
  if (!status_.ok() || input_.empty()) return status_;
  return DecodeFrames(samples);
}

absl::Status FlacFrameDecoder::DecodeFrames(std::vector<float>* samples) {
  output_ = samples;
  const uint64_t before = decoded_samples_;
  while (info_.total_samples == 0 || decoded_samples_ < info_.total_samples) {
    ran_dry_ = false;
    const bool decoded = FLAC__stream_decoder_process_single(decoder_.get());
    if (!status_.ok()) return status_;
    const FLAC__StreamDecoderState state = FLAC__stream_decoder_get_state(decoder_.get());
    if (state == FLAC__STREAM_DECODER_END_OF_STREAM) return absl::OkStatus();
    if (state == FLAC__STREAM_DECODER_ABORTED) {
      FLAC__stream_decoder_flush(decoder_.get());
      read_ = 0;
      retry_size_ = input_.size() + std::min(input_.size() / 8 + 1, kMaxRetryBytes);
      if (input_.size() > max_frame_bytes_) {
        status_ = FrameTooLarge(info_, decoded_samples_);
      }
      return status_;
    }
    FLAC__uint64 position = 0;
    if (!decoded || !FLAC__stream_decoder_get_decode_position(decoder_.get(), &position)) {
      status_ = absl::InternalError(
          absl::StrCat("FLAC: libFLAC stopped: ", FLAC__StreamDecoderStateString[state]));
      return status_;
    }
    DropDecoded(static_cast<size_t>(position));
    if (decoded_samples_ - before > kMaxSamplesPerCall) {
      status_ =
          absl::InvalidArgumentError(absl::StrCat("FLAC: more than ", kMaxSamplesPerCall,
                                                  " samples in a few kilobytes; send WAV, or leave "
                                                  "such silence out"));
      return status_;
    }
  }
  input_.clear();
  return absl::OkStatus();
}

void FlacFrameDecoder::DropDecoded(size_t count) {
  input_.erase(input_.begin(), input_.begin() + count);
  read_ -= count;
  retry_size_ = 0;
}

void FlacFrameDecoder::Save(StateWriter& writer) const {
  writer.WriteAll<uint8_t>(input_);
  writer.Write<uint64_t>(retry_size_);
  writer.Write(decoded_samples_);
}

void FlacFrameDecoder::Load(StateReader& reader) {
  const size_t max_size = max_frame_bytes_ + max_frame_bytes_ / 8 + 1;
  input_ = reader.ReadAll<uint8_t>(max_size, "FLAC frame size");
  retry_size_ = reader.ReadCount(max_size, "FLAC frame retry");
  decoded_samples_ = reader.Read<uint64_t>();
}

FLAC__StreamDecoderReadStatus FlacFrameDecoder::Read(const FLAC__StreamDecoder*, FLAC__byte* buffer,
                                                     size_t* bytes, void* self) {
  auto& decoder = *static_cast<FlacFrameDecoder*>(self);
  *bytes = std::min(*bytes, decoder.input_.size() - decoder.read_);
  std::copy_n(decoder.input_.data() + decoder.read_, *bytes, buffer);
  decoder.read_ += *bytes;
  if (*bytes > 0) return FLAC__STREAM_DECODER_READ_STATUS_CONTINUE;
  decoder.ran_dry_ = true;
  return decoder.ended_ ? FLAC__STREAM_DECODER_READ_STATUS_END_OF_STREAM
                        : FLAC__STREAM_DECODER_READ_STATUS_ABORT;
}

FLAC__StreamDecoderTellStatus FlacFrameDecoder::Tell(const FLAC__StreamDecoder*,
                                                     FLAC__uint64* position, void* self) {
  *position = static_cast<FlacFrameDecoder*>(self)->read_;
  return FLAC__STREAM_DECODER_TELL_STATUS_OK;
}

FLAC__StreamDecoderWriteStatus FlacFrameDecoder::Write(const FLAC__StreamDecoder*,
                                                       const FLAC__Frame* frame,
                                                       const FLAC__int32* const* channels,
                                                       void* self) {
  auto& decoder = *static_cast<FlacFrameDecoder*>(self);
  const FLAC__FrameHeader& header = frame->header;
  if (static_cast<int>(header.channels) != decoder.info_.channels ||
      static_cast<int>(header.bits_per_sample) != decoder.info_.bits_per_sample ||
      static_cast<int>(header.sample_rate) != decoder.info_.sample_rate) {
    decoder.status_ = absl::InvalidArgumentError(
        absl::StrCat("FLAC: the frame after ", decoder.decoded_samples_,
                     " samples has another sample rate, channel count or depth than STREAMINFO"));
    return FLAC__STREAM_DECODER_WRITE_STATUS_ABORT;
  }
  if (static_cast<int>(header.blocksize) > decoder.info_.max_block_samples) {
    decoder.status_ = FrameTooLarge(decoder.info_, decoder.decoded_samples_);
    return FLAC__STREAM_DECODER_WRITE_STATUS_ABORT;
  }
  const float scale = std::ldexp(1.0f, 1 - decoder.info_.bits_per_sample);
  for (unsigned i = 0; i < header.blocksize; ++i) {
    float sum = 0;
    for (unsigned c = 0; c < header.channels; ++c) {
      sum += static_cast<float>(channels[c][i]) * scale;
    }
    decoder.output_->push_back(sum / static_cast<float>(header.channels));
  }
  decoder.decoded_samples_ += header.blocksize;
  return FLAC__STREAM_DECODER_WRITE_STATUS_CONTINUE;
}

void FlacFrameDecoder::Error(const FLAC__StreamDecoder*, FLAC__StreamDecoderErrorStatus error,
                             void* self) {
  auto& decoder = *static_cast<FlacFrameDecoder*>(self);
  // After running dry it is cut short, not damaged; of several errors the first is the cause.
  if (decoder.ran_dry_ || !decoder.status_.ok()) return;
  decoder.status_ = absl::InvalidArgumentError(
      absl::StrCat("FLAC: damaged after ", decoder.decoded_samples_,
                   " samples: ", FLAC__StreamDecoderErrorStatusString[error]));
}

}  // namespace rill
