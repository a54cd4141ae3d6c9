#include "model/audio/wav_decoder.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "model/audio/wav_header.h"

namespace rill {
namespace {

constexpr size_t kRiffBytes = 12;
constexpr size_t kChunkHeaderBytes = 8;
constexpr uint64_t kMaxSkippedBytes = 16 << 20;
constexpr uint32_t kUnknownSize = 0xFFFFFFFF;

bool HasTag(absl::Span<const uint8_t> bytes, size_t offset, const char* tag) {
  return std::memcmp(bytes.data() + offset, tag, 4) == 0;
}

}  // namespace

WavDecoder::WavDecoder(const AudioFormat& expected) : expected_(expected) {
  header_.Want(kRiffBytes);
}

absl::Status WavDecoder::Accept(absl::Span<const uint8_t> bytes, std::vector<float>* samples) {
  while (!bytes.empty()) {
    if (state_ == State::kRest) break;
    if (state_ == State::kSkip || state_ == State::kData) {
      const size_t count = std::min<uint64_t>(remaining_, bytes.size());
      if (state_ == State::kData) {
        if (absl::Status status = pcm_->Accept(bytes.first(count), samples); !status.ok()) {
          return status;
        }
      }
      bytes.remove_prefix(count);
      remaining_ -= count;
      if (remaining_ > 0) continue;
      header_.Want(kChunkHeaderBytes);
      state_ = state_ == State::kSkip ? State::kChunk : State::kRest;
    } else {
      if (state_ == State::kEmpty) state_ = State::kRiff;
      if (!header_.Take(&bytes)) break;
      if (absl::Status status = ReadHeaderPart(); !status.ok()) return status;
    }
  }
  return absl::OkStatus();
}

absl::Status WavDecoder::ReadHeaderPart() {
  const absl::Span<const uint8_t> part = header_.bytes();
  if (state_ == State::kChunk) return BeginChunk(part);
  if (state_ == State::kRiff) {
    if (!HasTag(part, 0, "RIFF") || !HasTag(part, 8, "WAVE")) {
      return absl::InvalidArgumentError(
          "WAV header: does not begin with RIFF and WAVE; is the encoding WAV?");
    }
  } else {
    const absl::StatusOr<WavFormat> format = ParseWavFormat(part);
    if (!format.ok()) return format.status();
    const absl::Status status = expected_.CheckHeader("WAV", format->sample_rate, format->channels);
    if (!status.ok()) return status;
    pcm_ =
        std::make_unique<PcmDecoder>(format->sample_format, format->channels, format->sample_rate);
  }
  header_.Want(kChunkHeaderBytes);
  state_ = State::kChunk;
  return absl::OkStatus();
}

absl::Status WavDecoder::BeginChunk(absl::Span<const uint8_t> header) {
  const uint32_t size = LittleEndian32(&header[4]);
  const uint64_t padded = static_cast<uint64_t>(size) + size % 2;
  if (HasTag(header, 0, "data")) {
    if (pcm_ == nullptr) {
      return absl::InvalidArgumentError("WAV header: the data chunk comes before any fmt chunk");
    }
    remaining_ = size == 0 || size == kUnknownSize ? std::numeric_limits<uint64_t>::max() : size;
    state_ = State::kData;
    return absl::OkStatus();
  }
  if (HasTag(header, 0, "fmt ")) {
    if (size < kMinWavFormatBytes || size > kMaxWavFormatBytes) {
      return absl::InvalidArgumentError(absl::StrCat("WAV header: fmt chunk size must be ",
                                                     kMinWavFormatBytes, " to ", kMaxWavFormatBytes,
                                                     ", not ", size));
    }
    header_.Want(padded);
    state_ = State::kFormat;
    return absl::OkStatus();
  }
  skipped_bytes_ += kChunkHeaderBytes + padded;
  if (skipped_bytes_ > kMaxSkippedBytes) {
    const absl::string_view tag(reinterpret_cast<const char*>(header.data()), 4);
    return absl::InvalidArgumentError(
        absl::StrCat("WAV header: size of chunk \"", absl::CHexEscape(tag), "\": with ", size,
                     " bytes there are more than ", kMaxSkippedBytes, " before the data"));
  }
  remaining_ = padded;
  state_ = State::kSkip;
  if (padded == 0) {
    header_.Want(kChunkHeaderBytes);
    state_ = State::kChunk;
  }
  return absl::OkStatus();
}

absl::Status WavDecoder::Finish(std::vector<float>* samples) {
  if (state_ == State::kEmpty) return absl::OkStatus();
  if (state_ == State::kData || state_ == State::kRest) return pcm_->Finish(samples);
  return absl::InvalidArgumentError("WAV header: cut short, there is no data chunk");
}

void WavDecoder::Save(StateWriter& writer) const {
  writer.Write(state_);
  header_.Save(writer);
  writer.Write(remaining_);
  writer.Write(skipped_bytes_);
  writer.Write<uint8_t>(pcm_ != nullptr);
  if (pcm_ == nullptr) return;
  writer.Write(pcm_->format());
  writer.Write<int32_t>(pcm_->channels());
  writer.Write<int32_t>(pcm_->sample_rate());
  pcm_->Save(writer);
}

void WavDecoder::Load(StateReader& reader) {
  state_ = reader.ReadEnum(State::kRest, "WAV state");
  if (state_ == State::kFormat) {
    header_.Load(reader, kMinWavFormatBytes, kMaxWavFormatBytes);
  } else {
    const bool start = state_ == State::kEmpty || state_ == State::kRiff;
    const size_t size = start ? kRiffBytes : kChunkHeaderBytes;
    header_.Load(reader, size, size);
  }
  remaining_ = reader.Read<uint64_t>();
  reader.Require(state_ == State::kData || remaining_ <= kMaxSkippedBytes, "WAV chunk size");
  skipped_bytes_ = reader.Read<uint64_t>();
  reader.Require(skipped_bytes_ <= kMaxSkippedBytes, "WAV header size");
  if (!reader.ReadBool()) {
    reader.Require(state_ != State::kData && state_ != State::kRest, "WAV format");
    return;
  }
  const SampleFormat format = reader.ReadEnum(SampleFormat::kALaw, "WAV sample format");
  const int channels = reader.Read<int32_t>();
  const int sample_rate = reader.Read<int32_t>();
  if (!reader.Require(expected_.CheckHeader("WAV", sample_rate, channels).ok(), "WAV format")) {
    return;
  }
  pcm_ = std::make_unique<PcmDecoder>(format, channels, sample_rate);
  pcm_->Load(reader);
}

}  // namespace rill
