#include "tests/bench/log_prob_corpus.h"

#include <fnmatch.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "model/audio/audio_file.h"
#include "model/features/log_mel.h"
#include "model/file/atomic_file.h"
#include "model/state/state_reader.h"
#include "model/state/state_writer.h"
#include "model/training/data/manifest.h"
#include "model/training/data/noise_folder.h"

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

void FindLoudPart(const std::vector<float>& samples, int sample_rate, LogProbClip* clip) {
  constexpr double kLoudShare = 0.05, kFraction = 1e-2;
  const size_t step = static_cast<size_t>(sample_rate) / 100;
  std::vector<double> powers;
  for (size_t at = 0; at + step <= samples.size(); at += step) {
    double power = 0;
    for (size_t i = at; i < at + step; ++i) power += double{samples[i]} * samples[i];
    powers.push_back(power);
  }
  if (powers.empty()) return;
  std::vector<double> sorted = powers;
  std::sort(sorted.begin(), sorted.end());
  const double least =
      kFraction *
      sorted[static_cast<size_t>((1 - kLoudShare) * static_cast<double>(sorted.size()))];
  const auto loud = [least](double power) { return power > 0 && power >= least; };
  const auto first = std::find_if(powers.begin(), powers.end(), loud);
  if (first == powers.end()) return;
  const auto last = std::find_if(powers.rbegin(), powers.rend(), loud);
  clip->loud_begin = (first - powers.begin()) * static_cast<int64_t>(step);
  clip->loud_end = (powers.rend() - last) * static_cast<int64_t>(step);
}

absl::StatusOr<LogProbCorpus> Hear(const training::Manifest& manifest, const Encoder& encoder,
                                   int chunk_frames) {
  const ModelConfig& config = encoder.config();
  const auto arena = StateArena::Create(encoder.layout(), encoder.InitialState(), 1);
  if (!arena.ok()) return arena.status();
  const absl::StatusOr<int> slot = (*arena)->Acquire();
  if (!slot.ok()) return slot.status();
  const auto scratch = encoder.NewScratch();
  LogProbCorpus corpus{manifest.name, {}};
  for (const training::ManifestClip& clip : manifest.clips) {
    const auto samples = ReadAudioFileAt(manifest.AudioPath(clip), config.sample_rate);
    if (!samples.ok()) return samples.status();
    const std::vector<float> features = Features(*samples, config);
    const int frames =
        static_cast<int>(features.size()) / (kFeatureFramesPerFrame * config.mel_bins);
    LogProbClip heard;
    heard.text = clip.text;
    FindLoudPart(*samples, config.sample_rate, &heard);
    heard.seconds = static_cast<double>(samples->size()) / config.sample_rate;
    heard.log_probs.resize(static_cast<size_t>(frames) * static_cast<size_t>(config.outputs()));
    (*arena)->Reset(*slot);
    const EncoderRow row{*slot, chunk_frames, frames, features.data()};
    encoder.Step({&row, 1}, **arena, *scratch, heard.log_probs.data());
    corpus.clips.push_back(std::move(heard));
  }
  return corpus;
}

std::string ToBytes(const LogProbCorpus& corpus) {
  StateWriter writer;
  writer.Write<uint64_t>(corpus.clips.size());
  for (const LogProbClip& clip : corpus.clips) {
    writer.WriteString(clip.text);
    writer.Write(clip.seconds);
    writer.Write(clip.loud_begin);
    writer.Write(clip.loud_end);
    writer.WriteAll(absl::MakeConstSpan(clip.log_probs));
  }
  return writer.Take();
}

absl::StatusOr<LogProbCorpus> FromBytes(const std::string& name, const std::string& bytes) {
  constexpr size_t kMax = size_t{1} << 32;
  StateReader reader(bytes);
  LogProbCorpus corpus{name, {}};
  const size_t count = reader.ReadCount(kMax, "clips");
  while (corpus.clips.size() < count && reader.ok()) {
    LogProbClip& clip = corpus.clips.emplace_back();
    clip.text = reader.ReadString(kMax, "text");
    clip.seconds = reader.Read<double>();
    clip.loud_begin = reader.Read<int64_t>();
    clip.loud_end = reader.Read<int64_t>();
    clip.log_probs = reader.ReadAll<float>(kMax, "log-probabilities");
  }
  reader.RequireEnd();
  if (!reader.ok()) return reader.status();
  return corpus;
}

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return absl::NotFoundError(path);
  std::ostringstream bytes;
  bytes << in.rdbuf();
  return bytes.str();
}

absl::Status WriteFile(const std::string& path, const std::string& bytes) {
  AtomicFile file(path);
  absl::Status status = file.Open();
  if (status.ok()) status = file.Write(bytes);
  return status.ok() ? file.Commit() : status;
}

bool MatchesAny(const std::string& name, const std::vector<std::string>& patterns) {
  return std::any_of(patterns.begin(), patterns.end(), [&name](const std::string& pattern) {
    return fnmatch(pattern.c_str(), name.c_str(), 0) == 0;
  });
}

}  // namespace

absl::StatusOr<std::vector<LogProbCorpus>> ReadLogProbs(const std::vector<std::string>& paths,
                                                        const Encoder& encoder, int chunk_frames) {
  const auto manifests = training::ReadManifests(paths);
  if (!manifests.ok()) return manifests.status();
  std::vector<LogProbCorpus> corpora;
  for (const training::Manifest& manifest : *manifests) {
    auto corpus = Hear(manifest, encoder, chunk_frames);
    if (!corpus.ok()) return corpus.status();
    corpora.push_back(*std::move(corpus));
  }
  return corpora;
}

absl::StatusOr<std::vector<LogProbCorpus>> ReadNoiseLogProbs(
    const std::vector<std::string>& folders, const std::vector<std::string>& without,
    const Encoder& encoder, int chunk_frames) {
  std::vector<LogProbCorpus> corpora;
  for (const std::string& folder : folders) {
    const auto sounds = training::NoiseRecordings(folder, training::NoisePart::kHeldOut);
    if (!sounds.ok()) return sounds.status();
    training::Manifest manifest;
    manifest.folder = folder;
    manifest.name = std::filesystem::path(folder).filename();
    for (const auto& sound : sounds->recordings) {
      if (MatchesAny(sound.name, without)) continue;
      manifest.clips.emplace_back().path = sound.name;
    }
    auto corpus = Hear(manifest, encoder, chunk_frames);
    if (!corpus.ok()) return corpus.status();
    corpora.push_back(*std::move(corpus));
  }
  return corpora;
}

absl::StatusOr<std::vector<LogProbCorpus>> ReadLogProbsOnce(const std::vector<std::string>& paths,
                                                            const Encoder& encoder,
                                                            int chunk_frames,
                                                            const std::string& model_hash,
                                                            const std::string& folder) {
  const auto manifests = training::ReadManifests(paths);
  if (!manifests.ok()) return manifests.status();
  std::vector<LogProbCorpus> corpora;
  for (const training::Manifest& manifest : *manifests) {
    const std::string path = absl::StrCat(folder, "/", manifest.name, "-", model_hash.substr(0, 12),
                                          "-", chunk_frames, ".logprobs");
    const auto bytes = ReadFile(path);
    auto corpus =
        bytes.ok() ? FromBytes(manifest.name, *bytes) : Hear(manifest, encoder, chunk_frames);
    if (!corpus.ok()) {
      return absl::Status(corpus.status().code(),
                          absl::StrCat(path, ": ", corpus.status().message()));
    }
    if (!bytes.ok()) {
      const absl::Status status = WriteFile(path, ToBytes(*corpus));
      if (!status.ok()) return status;
    }
    corpora.push_back(*std::move(corpus));
  }
  return corpora;
}

}  // namespace rill
