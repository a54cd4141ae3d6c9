#include "client/audio/audio_file.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"

namespace rill::client {
namespace {

static_assert(std::endian::native == std::endian::little,
              "LINEAR16 is written as it lies in memory");

// What a header may ask for: beyond that it is damaged, and would have memory made for it.
constexpr int kMaxRate = 768'000;  // Hz
constexpr int kMaxChannels = 64;

int16_t ToLinear16(float sample) {
  if (std::isnan(sample)) return 0;
  return static_cast<int16_t>(std::lrint(std::clamp(sample * 32768.0f, -32768.0f, 32767.0f)));
}

}  // namespace

absl::StatusOr<std::unique_ptr<AudioFile>> AudioFile::Open(const std::string& path) {
  SF_INFO info{};
  File file(sf_open(path.c_str(), SFM_READ, &info));
  if (std::error_code error; file == nullptr && !std::filesystem::exists(path, error)) {
    return absl::NotFoundError(absl::StrCat(path, ": no such file"));
  }
  if (file == nullptr || info.channels < 1 || info.samplerate < 1) {
    return absl::InvalidArgumentError(absl::StrCat(
        path, ": not an audio file that libsndfile can read (", sf_strerror(file.get()), ")"));
  }
  if (info.samplerate > kMaxRate || info.channels > kMaxChannels) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": its header says ", info.samplerate,
                                                   " Hz and ", info.channels,
                                                   " channels; is it damaged?"));
  }
  return std::unique_ptr<AudioFile>(new AudioFile(path, std::move(file), info));
}

AudioFile::AudioFile(const std::string& path, File file, const SF_INFO& info)
    : path_(path), file_(std::move(file)), info_(info) {}

v1::AudioFormat AudioFile::format() const {
  v1::AudioFormat format;
  format.set_encoding(v1::LINEAR16);
  format.set_sample_rate_hertz(info_.samplerate);
  format.set_channels(1);
  return format;
}

double AudioFile::seconds() const {
  return std::max<double>(0, static_cast<double>(info_.frames) / info_.samplerate);
}

absl::StatusOr<AudioPiece> AudioFile::Read(std::chrono::milliseconds duration) {
  const int channels = info_.channels;
  const int64_t rate = info_.samplerate;
  interleaved_.resize(std::max<int64_t>(1, duration.count() * rate / 1000) * channels);
  const sf_count_t frames =
      sf_readf_float(file_.get(), interleaved_.data(), interleaved_.size() / channels);
  if (frames <= 0 && sf_error(file_.get()) != SF_ERR_NO_ERROR) {
    return absl::DataLossError(absl::StrCat(path_, ": ", sf_strerror(file_.get())));
  }
  AudioPiece piece;
  if (frames <= 0) return piece;
  std::vector<int16_t> mono(frames);
  for (sf_count_t i = 0; i < frames; ++i) {
    float sum = 0;
    for (int c = 0; c < channels; ++c) sum += interleaved_[i * channels + c];
    mono[i] = ToLinear16(sum / channels);
  }
  piece.bytes.assign(reinterpret_cast<const char*>(mono.data()), mono.size() * sizeof(int16_t));
  piece.duration = std::chrono::microseconds(frames * 1'000'000 / rate);
  return piece;
}

}  // namespace rill::client
