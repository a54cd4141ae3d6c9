#include "client/load/load_audio.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "client/audio/audio_file.h"

namespace rill::client {
namespace {

constexpr int64_t kSampleBytes = 2;

}  // namespace

absl::StatusOr<LoadAudio> LoadAudio::Read(const std::vector<std::string>& files,
                                          double pause_seconds) {
  LoadAudio audio;
  for (const std::string& path : files) {
    auto file = AudioFile::Open(path);
    if (!file.ok()) return file.status();
    const v1::AudioFormat format = (*file)->format();
    if (audio.starts_.empty()) audio.format_ = format;
    if (format.sample_rate_hertz() != audio.format_.sample_rate_hertz()) {
      return absl::InvalidArgumentError(
          absl::StrCat(path, ": ", format.sample_rate_hertz(), " Hz, but ", files.front(), " has ",
                       audio.format_.sample_rate_hertz(), " Hz; give files of one sample rate"));
    }
    const size_t start = audio.bytes_.size();
    while (true) {
      absl::StatusOr<AudioPiece> piece = (*file)->Read(std::chrono::seconds(1));
      if (!piece.ok()) return piece.status();
      if (piece->bytes.empty()) break;
      audio.bytes_ += piece->bytes;
    }
    if (audio.bytes_.size() == start) {
      return absl::InvalidArgumentError(absl::StrCat(path, ": has no audio"));
    }
    const auto pause = static_cast<int64_t>(pause_seconds * format.sample_rate_hertz());
    audio.bytes_.append(pause * kSampleBytes, '\0');
    audio.starts_.push_back(static_cast<int64_t>(start) / kSampleBytes);
  }
  if (audio.starts_.empty()) return absl::InvalidArgumentError("no audio files given");
  return audio;
}

std::string LoadAudio::Samples(int stream, int64_t first, int64_t count) const {
  const int64_t total = static_cast<int64_t>(bytes_.size()) / kSampleBytes;
  int64_t position = (starts_[stream % starts_.size()] + first) % total;
  std::string samples;
  samples.reserve(count * kSampleBytes);
  while (count > 0) {
    const int64_t run = std::min(count, total - position);
    samples.append(bytes_, position * kSampleBytes, run * kSampleBytes);
    count -= run;
    position = 0;
  }
  return samples;
}

}  // namespace rill::client
