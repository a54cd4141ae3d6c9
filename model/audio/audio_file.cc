#include "model/audio/audio_file.h"

#include <sndfile.h>

#include <memory>

#include "absl/strings/str_cat.h"
#include "model/audio/resampler.h"
#include "model/audio/sample_format.h"

namespace rill {
namespace {

constexpr sf_count_t kBlockFrames = 4096;

}  // namespace

absl::StatusOr<AudioClip> ReadAudioFile(const std::string& path) {
  SF_INFO info = {};
  const std::unique_ptr<SNDFILE, int (*)(SNDFILE*)> file(sf_open(path.c_str(), SFM_READ, &info),
                                                         sf_close);
  if (file == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": ", sf_strerror(nullptr)));
  }
  if (info.channels < 1 || info.samplerate < 1) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": has ", info.channels, " channels at ", info.samplerate, " Hz"));
  }
  // The header's length is not believed: blocks are read until there are no more.
  AudioClip clip;
  clip.sample_rate = info.samplerate;
  std::vector<float> block(kBlockFrames * info.channels);
  while (const sf_count_t frames = sf_readf_float(file.get(), block.data(), kBlockFrames)) {
    for (sf_count_t i = 0; i < frames; ++i) {
      float sum = 0;
      for (int c = 0; c < info.channels; ++c) sum += CleanSample(block[i * info.channels + c]);
      clip.samples.push_back(sum / static_cast<float>(info.channels));
    }
  }
  if (sf_error(file.get()) != SF_ERR_NO_ERROR) {
    return absl::DataLossError(absl::StrCat(path, ": ", sf_strerror(file.get())));
  }
  return clip;
}

absl::StatusOr<std::vector<float>> ReadAudioFileAt(const std::string& path, int rate) {
  absl::StatusOr<AudioClip> clip = ReadAudioFile(path);
  if (!clip.ok()) return clip.status();
  if (clip->sample_rate == rate) return std::move(clip->samples);
  absl::StatusOr<std::unique_ptr<Resampler>> resampler = Resampler::Create(clip->sample_rate, rate);
  if (!resampler.ok()) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": ", resampler.status().message()));
  }
  std::vector<float> samples;
  (*resampler)->Accept(clip->samples, &samples);
  (*resampler)->Finish(&samples);
  return samples;
}

}  // namespace rill
