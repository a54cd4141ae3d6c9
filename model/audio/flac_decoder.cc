#include "model/audio/flac_decoder.h"

#include <algorithm>
#include <cstring>

#include "absl/strings/str_cat.h"

namespace rill {
namespace {

constexpr size_t kMagicBytes = 4;
constexpr size_t kBlockHeaderBytes = 4;
constexpr uint64_t kMaxSkippedBytes = 64 << 20;

}  // namespace

FlacDecoder::FlacDecoder(const AudioFormat& expected) : expected_(expected) {
  header_.Want(kMagicBytes);
}

absl::Status FlacDecoder::Accept(absl::Span<const uint8_t> bytes, std::vector<float>* samples) {
  while (!bytes.empty()) {
    if (state_ == State::kFrames) return frames_->Accept(bytes, samples);
    if (state_ == State::kSkip) {
      const size_t count = std::min<size_t>(remaining_, bytes.size());
      bytes.remove_prefix(count);
      remaining_ -= count;
      if (remaining_ == 0) NextBlock();
    } else {
      if (state_ == State::kEmpty) state_ = State::kMagic;
      if (!header_.Take(&bytes)) break;
      if (absl::Status status = ReadHeaderPart(); !status.ok()) return status;
    }
  }
  return absl::OkStatus();
}

absl::Status FlacDecoder::ReadHeaderPart() {
  const absl::Span<const uint8_t> part = header_.bytes();
  if (state_ == State::kMagic) {
    if (std::memcmp(part.data(), "fLaC", kMagicBytes) != 0) {
      return absl::InvalidArgumentError(
          "FLAC header: does not begin with fLaC; is the encoding FLAC?");
    }
    NextBlock();
  } else if (state_ == State::kBlock) {
    last_block_ = (part[0] & 0x80) != 0;
    const int type = part[0] & 0x7F;
    const uint32_t size = part[1] << 16 | part[2] << 8 | part[3];
    if ((type == 0) != (frames_ == nullptr) || (type == 0 && size != FlacStreamInfo::kBytes)) {
      return absl::InvalidArgumentError(absl::StrCat(
          "FLAC header: STREAMINFO must be the first block, once, with ", FlacStreamInfo::kBytes,
          " bytes, but there is a block of type ", type, " with ", size));
    }
    skipped_bytes_ += kBlockHeaderBytes + size;
    if (skipped_bytes_ > kMaxSkippedBytes) {
      return absl::InvalidArgumentError(absl::StrCat("FLAC header: block size: with ", size,
                                                     " bytes there are more than ",
                                                     kMaxSkippedBytes, " of metadata"));
    }
    header_.Want(size);
    remaining_ = size;
    state_ = type == 0 ? State::kStreamInfo : State::kSkip;
    if (size == 0) NextBlock();
  } else {
    const FlacStreamInfo info = ParseFlacStreamInfo(part);
    const absl::Status status = expected_.CheckHeader("FLAC", info.sample_rate, info.channels);
    if (!status.ok()) return status;
    sample_rate_ = info.sample_rate;
    channels_ = info.channels;
    frames_ = std::make_unique<FlacFrameDecoder>(info);
    NextBlock();
  }
  return absl::OkStatus();
}

void FlacDecoder::NextBlock() {
  header_.Want(kBlockHeaderBytes);
  state_ = last_block_ ? State::kFrames : State::kBlock;
}

absl::Status FlacDecoder::Finish(std::vector<float>* samples) {
  if (state_ == State::kEmpty) return absl::OkStatus();
  if (state_ == State::kFrames) return frames_->Finish(samples);
  return absl::InvalidArgumentError("FLAC header: cut short, there are no frames");
}

}  // namespace rill
