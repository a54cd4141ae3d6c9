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
    if (absl::Status status = MakeFrameDecoder(part); !status.ok()) return status;
    NextBlock();
  }
  return absl::OkStatus();
}

absl::Status FlacDecoder::MakeFrameDecoder(absl::Span<const uint8_t> stream_info) {
  const FlacStreamInfo info = ParseFlacStreamInfo(stream_info);
  const absl::Status status = expected_.CheckHeader("FLAC", info.sample_rate, info.channels);
  if (!status.ok()) return status;
  sample_rate_ = info.sample_rate;
  channels_ = info.channels;
  frames_ = std::make_unique<FlacFrameDecoder>(info);
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

void FlacDecoder::Save(StateWriter& writer) const {
  writer.Write(state_);
  header_.Save(writer);
  writer.Write<uint8_t>(last_block_);
  writer.Write(remaining_);
  writer.Write(skipped_bytes_);
  writer.Write<uint8_t>(frames_ != nullptr);
  if (frames_ == nullptr) return;
  writer.WriteAll<uint8_t>(frames_->info().bytes);
  frames_->Save(writer);
}

void FlacDecoder::Load(StateReader& reader) {
  state_ = reader.ReadEnum(State::kFrames, "FLAC state");
  if (state_ == State::kSkip) {
    header_.Load(reader, 0, kMaxSkippedBytes);
  } else {
    static_assert(kMagicBytes == kBlockHeaderBytes);
    const size_t size = state_ == State::kStreamInfo ? FlacStreamInfo::kBytes : kBlockHeaderBytes;
    header_.Load(reader, size, size);
  }
  last_block_ = reader.ReadBool();
  remaining_ = reader.Read<uint32_t>();
  skipped_bytes_ = reader.Read<uint64_t>();
  reader.Require(skipped_bytes_ <= kMaxSkippedBytes, "FLAC header size");
  if (!reader.ReadBool()) {
    reader.Require(state_ != State::kFrames && state_ != State::kSkip, "FLAC STREAMINFO");
    return;
  }
  const std::vector<uint8_t> block =
      reader.ReadAll<uint8_t>(FlacStreamInfo::kBytes, "FLAC STREAMINFO");
  if (!reader.Require(block.size() == FlacStreamInfo::kBytes, "FLAC STREAMINFO")) return;
  if (!MakeFrameDecoder(block).ok()) {
    reader.Require(false, "FLAC STREAMINFO");
    return;
  }
  frames_->Load(reader);
}

}  // namespace rill
