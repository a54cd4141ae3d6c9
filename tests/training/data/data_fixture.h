// Small corpora for the tests of the data pipeline.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "model/training/data/clip_store.h"
#include "model/training/data/feature_file.h"
#include "tests/temporary_folder.h"

namespace rill::training {

// Makes the folders above it; returns its path.
std::string WriteFile(const TemporaryFolder& folder, const std::string& name,
                      const std::string& contents);

// A mono 16-bit WAV file of a tone.
std::string ToneWav(double seconds, double hertz, double amplitude, int rate = 16000);

// A clip to be: how long at each speed, and what is said.
struct FakeClip {
  std::vector<int64_t> frames;  // feature frames, one number a speed
  std::string text;
};

// value(clip, frame, bin) gives the features of every speed.
using FakeValue = std::function<float(int64_t clip, int64_t frame, int64_t bin)>;

std::unique_ptr<FeatureFile> MakeFeatureFile(const TemporaryFolder& folder, const std::string& name,
                                             const std::vector<int64_t>& frames, int64_t mel_bins,
                                             const FakeValue& value);
std::unique_ptr<ClipStore> MakeStore(const TemporaryFolder& folder, const std::string& name,
                                     const std::vector<FakeClip>& clips, int64_t mel_bins,
                                     const FakeValue& value);

// The folder of real recordings, or "" if this machine has none.
std::string SpeechFolder();

}  // namespace rill::training
