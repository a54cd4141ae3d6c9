// Turns a clip's cached features into what the encoder sees: another voice, room, noise, microphone
// and gain, normalisation, masks. Immutable; any thread.
#pragma once

#include <cstdint>
#include <vector>

#include "model/training/data/data_options.h"
#include "model/training/data/feature_file.h"
#include "model/training/data/feature_statistics.h"
#include "model/training/data/random.h"

namespace rill::training {

class Augmenter {
 public:
  // `noise` may be null; it and `statistics` outlive the augmenter.
  Augmenter(const AugmentOptions& options, const FeatureStatistics& statistics,
            const FeatureFile* noise);

  // Writes [frames, mel_bins] from frame `first` of `clip` on. The draws come from `random`, those
  // of the masks from `mask_random`.
  void Apply(const FeatureView& clip, int64_t first, int64_t frames, Random* random,
             Random* mask_random, float* out) const;

 private:
  void WarpFrequencies(int64_t frames, Random* random, float* out) const;
  void Reverberate(int64_t frames, Random* random, float* out) const;
  void Code(int64_t frames, Random* random, float* out) const;
  void LimitBand(int64_t frames, Random* random, float* out) const;
  void MixNoise(float clip_energy, int64_t frames, Random* random, float* out) const;
  void ChangeGain(int64_t frames, Random* random, float* out) const;
  void MaskFrequencies(int64_t frames, Random* random, float* out) const;
  void MaskTimes(int64_t frames, Random* random, float* out) const;

  AugmentOptions options_;
  const FeatureStatistics& statistics_;
  int64_t mel_bins_;
  std::vector<double> center_;  // of each mel bin, Hz
  const FeatureFile* noise_;
  std::vector<int64_t> sounds_;  // in noise_, that have frames
};

}  // namespace rill::training
