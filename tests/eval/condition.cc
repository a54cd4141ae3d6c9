#include "tests/eval/condition.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "model/audio/audio_file.h"
#include "model/audio/resampler.h"
#include "model/training/data/noise_folder.h"

namespace rill::eval {
namespace {

constexpr int kRate = 16000;
constexpr int kTelephoneRate = 8000;

double Energy(const std::vector<float>& samples, size_t begin, size_t count) {
  double sum = 0;
  for (size_t i = 0; i < count; ++i) {
    const double value = samples[(begin + i) % samples.size()];
    sum += value * value;
  }
  return sum / static_cast<double>(std::max<size_t>(count, 1));
}

}  // namespace

absl::StatusOr<Condition> Condition::Parse(const std::string& name) {
  Condition condition;
  condition.name = name;
  absl::string_view rest = name;
  double decibels = 0;
  if (name == "clean") return condition;
  if (name == "telephone") {
    condition.telephone = true;
    return condition;
  }
  if (absl::ConsumePrefix(&rest, "noise") && absl::SimpleAtod(rest, &decibels)) {
    condition.noise_db = decibels;
    return condition;
  }
  if (absl::ConsumePrefix(&rest, "level") && absl::SimpleAtod(rest, &decibels)) {
    condition.level_db = decibels;
    return condition;
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "\"", name, "\" is no condition: clean, noise20, noise5, level-30, telephone ..."));
}

absl::StatusOr<NoiseSource> NoiseSource::Open(const std::string& folder) {
  const auto recordings = training::NoiseRecordings(folder, training::NoisePart::kHeldOut);
  if (!recordings.ok()) return recordings.status();
  NoiseSource source;
  for (const auto& recording : recordings->recordings) source.paths_.push_back(recording.path);
  return source;
}

absl::Status NoiseSource::Mix(uint32_t seed, double speech_above_db, std::vector<float>* samples) {
  const std::string& path = paths_[seed % paths_.size()];
  std::vector<float>& noise = read_[path];
  if (noise.empty()) {
    auto sound = ReadAudioFileAt(path, kRate);
    if (!sound.ok()) return sound.status();
    noise = *std::move(sound);
    if (noise.empty()) return absl::InvalidArgumentError(absl::StrCat(path, ": holds no audio"));
  }
  const size_t begin = seed / paths_.size() * 7919 * kRate % noise.size();
  const double noise_energy = Energy(noise, begin, samples->size());
  if (noise_energy == 0) return absl::OkStatus();  // a silent stretch
  const double speech_energy = Energy(*samples, 0, samples->size());
  const auto gain = static_cast<float>(
      std::sqrt(speech_energy / noise_energy * std::pow(10.0, -speech_above_db / 10)));
  for (size_t i = 0; i < samples->size(); ++i) {
    (*samples)[i] += gain * noise[(begin + i) % noise.size()];
  }
  return absl::OkStatus();
}

float ThroughMuLaw(float sample) {
  constexpr float kMu = 255, kSteps = 127;
  const float x = std::clamp(sample, -1.0f, 1.0f);
  const float curve = std::log1p(kMu * std::abs(x)) / std::log1p(kMu);
  const float step = std::round(curve * kSteps) / kSteps;
  return std::copysign(std::expm1(step * std::log1p(kMu)) / kMu, x);
}

absl::StatusOr<Sound> Apply(const Condition& condition, uint32_t seed, std::vector<float> samples,
                            NoiseSource* noise) {
  if (condition.noise_db) {
    if (noise == nullptr) {
      return absl::InvalidArgumentError(absl::StrCat(condition.name, ": needs --noise FOLDER"));
    }
    const absl::Status status = noise->Mix(seed, *condition.noise_db, &samples);
    if (!status.ok()) return status;
  }
  const auto gain = static_cast<float>(std::pow(10.0, condition.level_db / 20));
  for (float& sample : samples) sample *= gain;
  Sound sound;
  if (!condition.telephone) {
    sound.samples = std::move(samples);
    return sound;
  }
  auto resampler = Resampler::Create(kRate, kTelephoneRate);
  if (!resampler.ok()) return resampler.status();
  (*resampler)->Accept(samples, &sound.samples);
  (*resampler)->Finish(&sound.samples);
  for (float& sample : sound.samples) sample = ThroughMuLaw(sample);
  sound.rate = kTelephoneRate;
  return sound;
}

}  // namespace rill::eval
