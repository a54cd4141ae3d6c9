#include "client/audio/pipe_source.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "client/audio/stoppable_read.h"

namespace rill::client {
namespace {

constexpr size_t kMaxBytes = 64 * 1024;  // of audio whose duration is not known

int BytesPerSample(v1::AudioEncoding encoding) {  // 0 if it has a header
  switch (encoding) {
    case v1::FLOAT32:
      return 4;
    case v1::LINEAR16:
      return 2;
    case v1::MULAW:
    case v1::ALAW:
      return 1;
    default:
      return 0;
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<PipeSource>> PipeSource::Open(int fd, const v1::AudioFormat& raw,
                                                             const std::atomic<bool>* stop) {
  std::unique_ptr<PipeSource> source(new PipeSource(fd, raw, stop));
  if (raw.sample_rate_hertz() != 0) return source;
  std::string& magic = source->first_bytes_;
  while (magic.size() < 4) {
    absl::StatusOr<std::string> bytes = source->ReadBytes(4 - magic.size());
    if (!bytes.ok()) return bytes.status();
    if (bytes->empty()) break;
    magic += *bytes;
  }
  if (magic == "RIFF" || magic == "RF64") {
    source->format_.set_encoding(v1::WAV);
  } else if (magic == "fLaC") {
    source->format_.set_encoding(v1::FLAC);
  } else if (magic.empty()) {
    return absl::InvalidArgumentError("standard input has no audio");
  } else {
    return absl::InvalidArgumentError(
        "standard input begins like neither WAV nor FLAC; for raw PCM say what it is, for example "
        "--rate 16000 --encoding linear16");
  }
  return source;
}

PipeSource::PipeSource(int fd, const v1::AudioFormat& format, const std::atomic<bool>* stop)
    : fd_(fd), format_(format), stop_(stop) {}

int64_t PipeSource::bytes_per_second() const {
  return int64_t{BytesPerSample(format_.encoding())} * format_.sample_rate_hertz() *
         std::max(1, format_.channels());
}

absl::StatusOr<AudioPiece> PipeSource::Read(std::chrono::milliseconds duration) {
  const int64_t rate = bytes_per_second();
  const size_t limit = rate == 0 ? kMaxBytes : std::max<int64_t>(4, duration.count() * rate / 1000);
  AudioPiece piece;
  if (!first_bytes_.empty()) {
    piece.bytes = std::exchange(first_bytes_, "");
  } else {
    absl::StatusOr<std::string> bytes = ReadBytes(limit);
    if (!bytes.ok()) return bytes.status();
    piece.bytes = *std::move(bytes);
  }
  if (rate > 0) {
    piece.duration =
        std::chrono::microseconds(static_cast<int64_t>(piece.bytes.size()) * 1'000'000 / rate);
  }
  return piece;
}

absl::StatusOr<std::string> PipeSource::ReadBytes(size_t limit) {
  absl::StatusOr<std::string> bytes = StoppableRead(fd_, limit, *stop_);
  if (bytes.ok()) return bytes;
  return absl::UnknownError(absl::StrCat("cannot read the audio: ", bytes.status().message()));
}

}  // namespace rill::client
