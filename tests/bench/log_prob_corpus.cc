#include "tests/bench/log_prob_corpus.h"

#include <utility>

#include "model/audio/audio_file.h"
#include "model/features/log_mel.h"
#include "model/training/data/manifest.h"

namespace rill {
namespace {

// As a stream does: whole encoder frames, the last one completed.
std::vector<float> Features(const std::vector<float>& samples, const ModelConfig& config) {
  LogMelOptions options;
  options.sample_rate = config.sample_rate;
  options.mel_bins = config.mel_bins;
  LogMel log_mel(options);
  std::vector<float> features;
  log_mel.Accept(samples, &features);
  const size_t frame = static_cast<size_t>(config.mel_bins);
  while (!features.empty() && features.size() % (kFeatureFramesPerFrame * frame) != 0) {
    const std::vector<float> last(features.end() - static_cast<int64_t>(frame), features.end());
    features.insert(features.end(), last.begin(), last.end());
  }
  return features;
}

}  // namespace

absl::StatusOr<std::vector<LogProbCorpus>> ReadLogProbs(const std::vector<std::string>& paths,
                                                        const Encoder& encoder, int chunk_frames) {
  const auto manifests = training::ReadManifests(paths);
  if (!manifests.ok()) return manifests.status();
  const ModelConfig& config = encoder.config();
  StateArena arena(encoder.layout(), encoder.InitialState(), 1);
  const absl::StatusOr<int> slot = arena.Acquire();
  if (!slot.ok()) return slot.status();
  const auto scratch = encoder.NewScratch();
  std::vector<LogProbCorpus> corpora;
  for (const training::Manifest& manifest : *manifests) {
    corpora.push_back({manifest.name, {}});
    for (const training::ManifestClip& clip : manifest.clips) {
      const auto samples = ReadAudioFileAt(manifest.AudioPath(clip), config.sample_rate);
      if (!samples.ok()) return samples.status();
      const std::vector<float> features = Features(*samples, config);
      const int frames =
          static_cast<int>(features.size()) / (kFeatureFramesPerFrame * config.mel_bins);
      LogProbClip heard;
      heard.text = clip.text;
      heard.seconds = static_cast<double>(samples->size()) / config.sample_rate;
      heard.log_probs.resize(static_cast<size_t>(frames) * config.tokens.size());
      arena.Reset(*slot);
      const EncoderRow row{*slot, chunk_frames, frames, features.data()};
      encoder.Step({&row, 1}, arena, *scratch, heard.log_probs.data());
      corpora.back().clips.push_back(std::move(heard));
    }
  }
  return corpora;
}

}  // namespace rill
