#include "model/training/data/augmenter.h"

#include <algorithm>
#include <cmath>

#include "model/features/log_mel.h"
#include "model/features/mel_filters.h"
#include "model/file/model_config.h"
#include "model/training/data/feature_math.h"

namespace rill::training {
namespace {

constexpr double kFramesPerSecond = 1000.0 / kFeatureShiftMs;
constexpr int64_t kFewestBands = 3, kMostBands = 6;  // of an equalizer

// Decibels of energy to nepers of energy, the unit of log-mel features.
float NaturalLog(double db) { return static_cast<float>(db * std::log(10.0) / 10.0); }

// Digital silence stays what it is at any gain, and nothing falls below it: no stream can show
// anything else.
float Amplify(float x, float gain) {
  return x <= kLogMelFloor ? kLogMelFloor : std::max(x + gain, kLogMelFloor);
}

constexpr double kHighestFormant = 4800;  // Hz
constexpr double kNyquist = 8000;

// Which frequency of the clip is heard as `hertz` when it is spoken lower by `factor`: in
// proportion up to the highest formants, from there on straight to the end of the band.
double Warp(double hertz, double factor) {
  const double bend = kHighestFormant / std::max(factor, 1.0);
  if (hertz <= bend) return hertz * factor;
  const double slope = (kNyquist - bend * factor) / (kNyquist - bend);
  return bend * factor + slope * (hertz - bend);
}

}  // namespace

Augmenter::Augmenter(const AugmentOptions& options, const FeatureStatistics& statistics,
                     const FeatureFile* noise)
    : options_(options),
      statistics_(statistics),
      mel_bins_(static_cast<int64_t>(statistics.mean.size())),
      noise_(noise) {
  for (int64_t i = 0; noise_ != nullptr && i < noise_->size(); ++i) {
    if (noise_->Get(i).frames > 0) sounds_.push_back(i);
  }
  MelFilterOptions filters;
  filters.bins = static_cast<int>(mel_bins_);
  for (int bin = 0; bin < filters.bins; ++bin) center_.push_back(MelFilterCenter(filters, bin));
}

void Augmenter::Apply(const FeatureView& clip, int64_t first, int64_t frames, Random* random,
                      Random* mask_random, float* out) const {
  HalfToFloat(frames * mel_bins_, clip.values + first * mel_bins_, out);
  const auto draw = [&](double probability) {
    return probability > 0 && random->Uniform() < probability;
  };
  if (options_.frequency_warp > 0) WarpFrequencies(frames, random, out);
  if (draw(options_.reverberation_probability)) Reverberate(frames, random, out);
  if (random->Uniform() < options_.noise_probability && !sounds_.empty()) {
    MixNoise(clip.log_energy, frames, random, out);
  }
  if (draw(options_.telephone_probability)) LimitBand(frames, random, out);
  if (draw(options_.codec_probability)) Code(frames, random, out);
  ChangeGain(frames, random, out);
  Normalise(frames, mel_bins_, statistics_.mean.data(), statistics_.inv_std.data(), out);
  MaskFrequencies(frames, mask_random, out);
  MaskTimes(frames, mask_random, out);
}

// A shorter or longer vocal tract. What lies between two bins is interpolated.
void Augmenter::WarpFrequencies(int64_t frames, Random* random, float* out) const {
  const double factor = random->Uniform(1 - options_.frequency_warp, 1 + options_.frequency_warp);
  std::vector<int64_t> below(mel_bins_);
  std::vector<float> part_above(mel_bins_);
  for (int64_t bin = 0; bin < mel_bins_; ++bin) {
    const double from = std::clamp(Warp(center_[bin], factor), center_.front(), center_.back());
    const auto above = std::lower_bound(center_.begin() + 1, center_.end() - 1, from);
    below[bin] = above - center_.begin() - 1;
    part_above[bin] = static_cast<float>((from - above[-1]) / (above[0] - above[-1]));
  }
  std::vector<float> frame(mel_bins_);
  for (float* x = out; x < out + frames * mel_bins_; x += mel_bins_) {
    std::copy_n(x, mel_bins_, frame.begin());
    for (int64_t bin = 0; bin < mel_bins_; ++bin) {
      const float* at = &frame[below[bin]];
      x[bin] = at[0] + part_above[bin] * (at[1] - at[0]);
    }
  }
}

// Living rooms to halls: 60 dB down after 0.2 to 0.8 s; all echoes together 0 to 15 dB below the
// direct sound.
void Augmenter::Reverberate(int64_t frames, Random* random, float* out) const {
  const double seconds = random->Uniform(0.2, 0.8);
  const double decay = std::pow(10.0, -6.0 / (seconds * kFramesPerSecond));
  const double below = std::pow(10.0, -random->Uniform(0.0, 15.0) / 10.0);
  AddReverberation(frames, mel_bins_, static_cast<float>(decay),
                   static_cast<float>(below * (1 - decay) / decay), out);
}

// From a codec that is hardly heard to one at the lowest rate that carries speech.
void Augmenter::Code(int64_t frames, Random* random, float* out) const {
  AddCodingNoise(frames, mel_bins_, /*reach=*/4, NaturalLog(random->Uniform(3, 20)), out);
}

// What is outside the band is 30 to 130 dB down: an analogue line leaves a little of it, 8 kHz
// audio nothing above 4 kHz. Half of the lines carry low tones. Never below the silence of LogMel.
void Augmenter::LimitBand(int64_t frames, Random* random, float* out) const {
  const double low = random->Uniform() < 0.5 ? 0 : random->Uniform(100, 350);
  const double high = random->Uniform(3300, 4000);
  const float attenuation = NaturalLog(random->Uniform(30, 130));
  for (int64_t bin = 0; bin < mel_bins_; ++bin) {
    if (center_[bin] >= low && center_[bin] <= high) continue;
    for (float* x = out + bin; x < out + frames * mel_bins_; x += mel_bins_) {
      *x = std::max(*x - attenuation, kLogMelFloor);
    }
  }
}

// A sound shorter than the clip is repeated.
void Augmenter::MixNoise(float clip_energy, int64_t frames, Random* random, float* out) const {
  const FeatureView sound =
      noise_->Get(sounds_[random->Below(static_cast<int64_t>(sounds_.size()))]);
  const double snr_db = random->Uniform(options_.noise_min_snr_db, options_.noise_max_snr_db);
  const float offset = clip_energy - NaturalLog(snr_db) - sound.log_energy;
  int64_t at = random->Below(sound.frames);
  for (int64_t done = 0; done < frames; at = 0) {
    const int64_t count = std::min(frames - done, sound.frames - at);
    AddLogEnergy(count * mel_bins_, sound.values + at * mel_bins_, offset, out + done * mel_bins_);
    done += count;
  }
}

// The distance to a microphone and what it makes of the sound: a gain for all bins, and on it a
// line with a few bends over them.
void Augmenter::ChangeGain(int64_t frames, Random* random, float* out) const {
  std::vector<float> gain(mel_bins_,
                          NaturalLog(random->Uniform(-options_.gain_db, options_.gain_db)));
  if (options_.equalizer_db > 0) {
    const int64_t bands = kFewestBands + random->Below(kMostBands - kFewestBands + 1);
    std::vector<float> bends(bands + 1);  // the ends of the bands
    for (float& bend : bends) {
      bend = NaturalLog(random->Uniform(-options_.equalizer_db, options_.equalizer_db));
    }
    for (int64_t bin = 0; bin < mel_bins_; ++bin) {
      const int64_t band = bin * bands / mel_bins_;
      const float part =
          static_cast<float>(bin * bands % mel_bins_) / static_cast<float>(mel_bins_);
      gain[bin] += bends[band] + part * (bends[band + 1] - bends[band]);
    }
  }
  for (float* x = out; x < out + frames * mel_bins_; x += mel_bins_) {
    for (int64_t bin = 0; bin < mel_bins_; ++bin) x[bin] = Amplify(x[bin], gain[bin]);
  }
}

// Masked values are 0: the mean, once normalised.
void Augmenter::MaskFrequencies(int64_t frames, Random* random, float* out) const {
  for (int i = 0; i < options_.frequency_masks; ++i) {
    const int64_t widest = std::min<int64_t>(options_.max_frequency_mask, mel_bins_);
    const int64_t width = random->Below(widest + 1);
    const int64_t first = random->Below(mel_bins_ - width + 1);
    for (int64_t t = 0; t < frames; ++t) std::fill_n(out + t * mel_bins_ + first, width, 0.0f);
  }
}

void Augmenter::MaskTimes(int64_t frames, Random* random, float* out) const {
  if (options_.time_mask_interval <= 0) return;
  const double interval = options_.time_mask_interval * kFramesPerSecond;
  const int64_t masks = static_cast<int64_t>(std::ceil(static_cast<double>(frames) / interval));
  const int64_t longest = std::min<int64_t>(
      static_cast<int64_t>(options_.max_time_mask * kFramesPerSecond), frames / 6);
  for (int64_t i = 0; i < masks; ++i) {
    const int64_t length = random->Below(longest + 1);
    const int64_t first = random->Below(frames - length + 1);
    std::fill_n(out + first * mel_bins_, length * mel_bins_, 0.0f);
  }
}

}  // namespace rill::training
