#include "model/training/data/augmenter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "model/features/log_mel.h"
#include "model/features/mel_filters.h"
#include "tests/training/data/data_fixture.h"

namespace rill::training {
namespace {

constexpr int64_t kBins = 40;

AugmentOptions Off() {
  AugmentOptions options;
  options.gain_db = 0;
  options.noise_probability = 0;
  options.frequency_masks = 0;
  options.time_mask_interval = 0;
  return options;
}

// A clip of 2 in every bin and frame but the marked first frame; a sound of 1 in frame 0 and 3 in
// frame 1.
class AugmenterTest : public testing::Test {
 protected:
  AugmenterTest()
      : clip_(MakeFeatureFile(folder_, "clip", {300, 10}, kBins,
                              [](int64_t, int64_t frame, int64_t) { return frame == 0 ? 9 : 2; })),
        noise_(MakeFeatureFile(folder_, "noise", {0, 2}, kBins,
                               [](int64_t, int64_t frame, int64_t) { return 1 + 2 * frame; })) {
    statistics_.mean.assign(kBins, 1);
    statistics_.inv_std.assign(kBins, 0.5);
  }

  std::vector<float> Apply(const AugmentOptions& options, uint64_t key, int64_t frames = 299,
                           int64_t clip = 0) {
    Random random({key}), mask_random({key, 1});
    std::vector<float> out(frames * kBins, -99);
    Augmenter(options, statistics_, noise_.get())
        .Apply(clip_->Get(clip), 1, frames, &random, &mask_random, out.data());
    return out;
  }

  // All of the first clip of `file`.
  std::vector<float> ApplyTo(const FeatureFile& file, const AugmentOptions& options, uint64_t key) {
    Random random({key});
    const FeatureView clip = file.Get(0);
    std::vector<float> out(clip.frames * kBins);
    Augmenter(options, statistics_, nullptr)
        .Apply(clip, 0, clip.frames, &random, &random, out.data());
    return out;
  }

  TemporaryFolder folder_;
  std::unique_ptr<FeatureFile> clip_, noise_;
  FeatureStatistics statistics_;
};

TEST_F(AugmenterTest, WithAllOffItCutsAndNormalises) {
  EXPECT_THAT(Apply(Off(), 1), testing::Each(0.5f));
}

TEST_F(AugmenterTest, GainIsOneConstantAClip) {
  AugmentOptions options = Off();
  options.gain_db = 7;
  const double limit = 0.5 * 7 * std::log(10) / 10;
  double lowest = 0, highest = 0;
  for (uint64_t key = 0; key < 200; ++key) {
    const std::vector<float> out = Apply(options, key, 5);
    ASSERT_THAT(out, testing::Each(out[0]));
    lowest = std::min(lowest, out[0] - 0.5);
    highest = std::max(highest, out[0] - 0.5);
  }
  EXPECT_TRUE(lowest >= -limit && lowest < -0.9 * limit);
  EXPECT_TRUE(highest <= limit && highest > 0.9 * limit);
}

// A formant is heard at another place, for all of a clip at the same, by a tenth at most.
TEST_F(AugmenterTest, AVoiceIsWarpedByOneFactorAClip) {
  constexpr int kFormant = 20;
  const auto voice =
      MakeFeatureFile(folder_, "voice", {3}, kBins, [](int64_t, int64_t, int64_t bin) {
        return 3 - std::abs(static_cast<double>(bin - kFormant)) / 10;
      });
  MelFilterOptions filters;
  filters.bins = kBins;
  const double formant = MelFilterCenter(filters, kFormant);
  AugmentOptions options = Off();
  options.frequency_warp = 0.1;
  std::set<int64_t> places;
  for (uint64_t key = 0; key < 200; ++key) {
    const std::vector<float> out = ApplyTo(*voice, options, key);
    const auto loudest = std::max_element(out.begin(), out.begin() + kBins);
    const int64_t place = loudest - out.begin();
    places.insert(place);
    const double ratio = MelFilterCenter(filters, static_cast<int>(place)) / formant;
    EXPECT_TRUE(ratio > 0.88 && ratio < 1.15) << ratio;
    EXPECT_GT(*loudest, 0.9) << "0.5 * (3 - 1) but for what interpolation blurs";
    for (int64_t bin = 0; bin < kBins; ++bin) {
      ASSERT_EQ(out[bin], out[kBins + bin]) << "the same in every frame";
      ASSERT_EQ(out[bin], out[2 * kBins + bin]) << "the same in every frame";
    }
  }
  EXPECT_GE(places.size(), 3u);
}

TEST_F(AugmenterTest, WarpingMovesHighFrequenciesLess) {
  const auto slope = MakeFeatureFile(folder_, "slope", {1}, kBins,
                                     [](int64_t, int64_t, int64_t bin) { return bin / 8.0; });
  AugmentOptions options = Off();
  options.frequency_warp = 0.3;
  float most_moved = 0;
  for (uint64_t key = 0; key < 100; ++key) {
    const std::vector<float> out = ApplyTo(*slope, options, key);
    EXPECT_TRUE(std::is_sorted(out.begin(), out.end())) << "no frequency overtakes another";
    EXPECT_NEAR(out[0], -0.5, 0.04) << "the ends of the band stay";
    EXPECT_NEAR(out[kBins - 1], ((kBins - 1) / 8.0 - 1) / 2, 0.04);
    most_moved = std::max(most_moved, std::abs(out[20] - (20 / 8.0f - 1) / 2));
  }
  EXPECT_GT(most_moved, 0.15f);
}

TEST_F(AugmenterTest, AnEqualizerIsALineWithAFewBends) {
  AugmentOptions options = Off();
  options.equalizer_db = 6;
  const double limit = 0.5 * 6 * std::log(10) / 10;
  double highest = 0;
  for (uint64_t key = 0; key < 300; ++key) {
    const std::vector<float> out = Apply(options, key, 2);
    int bends = 0;
    for (int64_t bin = 0; bin < kBins; ++bin) {
      ASSERT_EQ(out[bin], out[kBins + bin]) << "the same in every frame";
      const double gain = out[bin] - 0.5;
      ASSERT_LE(std::abs(gain), limit + 1e-6);
      highest = std::max(highest, gain);
      if (bin < 2) continue;
      const double bend = (out[bin] - out[bin - 1]) - (out[bin - 1] - out[bin - 2]);
      bends += std::abs(bend) > 1e-4 ? 1 : 0;
    }
    // A bend between two bins is seen at both.
    EXPECT_TRUE(bends >= 1 && bends <= 10) << bends;
  }
  EXPECT_GT(highest, 0.9 * limit);
}

TEST_F(AugmenterTest, GainDoesNotMoveDigitalSilence) {
  const auto silence = MakeFeatureFile(
      folder_, "silence", {2}, kBins,
      [](int64_t, int64_t frame, int64_t) { return frame == 0 ? kLogMelFloor : -15.0f; });
  AugmentOptions options = Off();
  options.gain_db = 17;
  options.equalizer_db = 3;
  int cut = 0;
  for (uint64_t key = 0; key < 100; ++key) {
    const std::vector<float> out = ApplyTo(*silence, options, key);
    const float floor = (kLogMelFloor - 1) * 0.5f;
    EXPECT_FLOAT_EQ(out[0], floor);
    EXPECT_GE(out[kBins], floor - 1e-5f);
    cut += out[kBins] < floor + 1e-3f ? 1 : 0;
  }
  EXPECT_NEAR(cut, 40, 20) << "softer by more than 4 dB";
}

TEST_F(AugmenterTest, NoiseIsRepeatedAtTheAskedRatioOfEnergies) {
  AugmentOptions options = Off();
  options.noise_probability = 1;
  options.noise_min_snr_db = options.noise_max_snr_db = 10;
  const FeatureView clip = clip_->Get(0);
  const double sound_energy = std::log((std::exp(1) + std::exp(3)) / 2);
  std::set<float> first_values;
  for (uint64_t key = 0; key < 20; ++key) {
    const std::vector<float> out = Apply(options, key);
    first_values.insert(out[0]);
    for (int64_t frame = 0; frame < 299; ++frame) {
      const bool second = (frame % 2 == 1) != (out[0] > out[kBins]);
      const double noise = (second ? 3 : 1) - sound_energy + clip.log_energy - std::log(10);
      const double expected = (std::log(std::exp(2) + std::exp(noise)) - 1) / 2;
      ASSERT_NEAR(out[frame * kBins + 7], expected, 2e-3) << frame;
    }
  }
  EXPECT_EQ(first_values.size(), 2u) << "starts anywhere in the sound";
}

TEST_F(AugmenterTest, NoiseComesAsOftenAsAsked) {
  AugmentOptions options = Off();
  options.noise_probability = 0.25;
  int noisy = 0;
  for (uint64_t key = 0; key < 1000; ++key) noisy += Apply(options, key, 1)[0] != 0.5f;
  EXPECT_NEAR(noisy, 250, 50);
}

// A clip of silence but for one loud frame: its echoes fall by the same factor every frame, and all
// of them together stay below it.
TEST_F(AugmenterTest, ReverberationIsATailThatFallsEvenly) {
  const auto clap =
      MakeFeatureFile(folder_, "clap", {120}, kBins,
                      [](int64_t, int64_t frame, int64_t) { return frame == 20 ? 12 : -15; });
  AugmentOptions options = Off();
  options.reverberation_probability = 1;
  std::set<float> rates;
  for (uint64_t key = 0; key < 30; ++key) {
    const std::vector<float> out = ApplyTo(*clap, options, key);
    const auto log_energy = [&](int64_t frame) { return 2 * out[frame * kBins + 3] + 1; };
    EXPECT_NEAR(log_energy(5), -15, 0.7) << "silence stays silence";
    EXPECT_NEAR(log_energy(20), 12, 1e-2) << "the past's echoes only";
    const double rate = log_energy(22) - log_energy(21);
    double echoes = 0;
    for (int64_t frame = 21; frame < 40; ++frame) {
      EXPECT_NEAR(log_energy(frame + 1) - log_energy(frame), rate, 2e-2) << frame;
    }
    for (int64_t frame = 21; frame < 120; ++frame) echoes += std::exp(log_energy(frame));
    EXPECT_LT(echoes, 1.05 * std::exp(12));
    EXPECT_GT(echoes, 0.02 * std::exp(12));
    const double seconds_to_60_db = -6 * std::log(10) / rate / 100;
    EXPECT_GT(seconds_to_60_db, 0.19);
    EXPECT_LT(seconds_to_60_db, 0.81);
    rates.insert(static_cast<float>(rate));
  }
  EXPECT_EQ(rates.size(), 30u) << "every clip has a room of its own";
}

TEST_F(AugmenterTest, ATelephoneKeepsTheMiddleOfTheBand) {
  AugmentOptions options = Off();
  options.telephone_probability = 1;
  int low_tones = 0, silent = 0;
  for (uint64_t key = 0; key < 100; ++key) {
    const std::vector<float> out = Apply(options, key, 2);
    int64_t kept = 0, edges = 0;
    for (int64_t bin = 0; bin < kBins; ++bin) {
      const bool inside = out[bin] == 0.5f;
      kept += inside;
      edges += inside && (bin == 0 || out[bin - 1] != 0.5f);
      if (!inside) {
        EXPECT_LE(2 * out[bin] + 1, 2 - 6.9) << "at least 30 dB down";
        EXPECT_GE(2 * out[bin] + 1, -15.95) << "never below digital silence";
      }
      EXPECT_EQ(out[kBins + bin], out[bin]) << "the same in every frame";
    }
    EXPECT_EQ(edges, 1);
    // 40 filters from 20 Hz to 8 kHz: 300 to 3,400 Hz are some 24 of them.
    const bool low = out[0] == 0.5f;
    EXPECT_GE(kept, low ? 25 : 22);
    EXPECT_LE(kept, low ? 35 : 31);
    EXPECT_NE(out[kBins - 1], 0.5f);
    low_tones += low ? 1 : 0;
    silent += 2 * out[kBins - 1] + 1 < kLogMelFloor + 1e-3 ? 1 : 0;
  }
  EXPECT_NEAR(low_tones, 50, 20);
  EXPECT_NEAR(silent, 52, 20) << "what is 78 dB down is digital silence";
}

// A clip with one loud bin: the noise hides beside it, at one ratio, and is not heard elsewhere.
TEST_F(AugmenterTest, ACodecsNoiseHidesBesideWhatIsLoud) {
  constexpr int64_t kLoud = 20;
  const auto tone =
      MakeFeatureFile(folder_, "tone", {50}, kBins,
                      [](int64_t, int64_t, int64_t bin) { return bin == kLoud ? 10 : -10; });
  AugmentOptions options = Off();
  options.codec_probability = 1;
  for (uint64_t key = 1; key < 20; ++key) {
    const std::vector<float> out = ApplyTo(*tone, options, key);
    const auto nepers = [&](int64_t bin) { return 2 * out[7 * kBins + bin] + 1; };
    const double db = 10 / std::log(10.0);
    const double ratio = (10 - nepers(kLoud + 1)) * db;
    EXPECT_TRUE(ratio > 2.9 && ratio < 20.1) << ratio;
    EXPECT_NEAR(nepers(kLoud - 4), nepers(kLoud + 1), 1e-4);
    EXPECT_LT((nepers(kLoud) - 10) * db, 2);
    EXPECT_LT((nepers(kLoud + 5) + 10) * db, 2);
  }
}

TEST_F(AugmenterTest, FrequencyMasksAreWholeBandsOfAtMostTheirWidth) {
  AugmentOptions options = Off();
  options.frequency_masks = 1;
  options.max_frequency_mask = 22;
  std::set<int64_t> widths;
  for (uint64_t key = 0; key < 500; ++key) {
    const std::vector<float> out = Apply(options, key, 3);
    int64_t width = 0, edges = 0;
    for (int64_t bin = 0; bin < kBins; ++bin) {
      const bool masked = out[bin] == 0;
      for (int64_t t = 0; t < 3; ++t) ASSERT_EQ(out[t * kBins + bin], masked ? 0 : 0.5f);
      width += masked;
      edges += masked && (bin == 0 || out[bin - 1] != 0);
    }
    ASSERT_LE(edges, 1);
    widths.insert(width);
  }
  EXPECT_EQ(widths.size(), 23u);
  EXPECT_EQ(*widths.rbegin(), 22);
}

TEST_F(AugmenterTest, OneTimeMaskForEachIntervalBegun) {
  AugmentOptions options = Off();
  options.time_mask_interval = 1.5;
  options.max_time_mask = 0.25;
  const auto longest = [&](int64_t frames, int64_t* most_masks) {
    int64_t most = 0;
    *most_masks = 0;
    for (uint64_t key = 0; key < 300; ++key) {
      const std::vector<float> out = Apply(options, key, frames);
      int64_t masked = 0, masks = 0;
      for (int64_t t = 0; t < frames; ++t) {
        for (int64_t bin = 0; bin < kBins; ++bin) {
          EXPECT_EQ(out[t * kBins + bin] == 0, out[t * kBins] == 0) << "whole frames";
        }
        masked += out[t * kBins] == 0;
        masks += out[t * kBins] == 0 && (t == 0 || out[(t - 1) * kBins] != 0);
      }
      most = std::max(most, masked);
      *most_masks = std::max(*most_masks, masks);
    }
    return most;
  };
  int64_t masks = 0;
  EXPECT_EQ(longest(150, &masks), 25);
  EXPECT_EQ(masks, 1);
  EXPECT_EQ(longest(60, &masks), 10) << "a sixth of a short clip";
  EXPECT_EQ(masks, 1);
  const int64_t two = longest(299, &masks);
  EXPECT_EQ(masks, 2);
  EXPECT_TRUE(two > 40 && two <= 50);
}

TEST_F(AugmenterTest, TheKeyDecidesEverything) {
  AugmentOptions options;
  options.noise_probability = 0.5;
  EXPECT_EQ(Apply(options, 5), Apply(options, 5));
  EXPECT_NE(Apply(options, 5), Apply(options, 6));
}

TEST_F(AugmenterTest, WorksWithoutSounds) {
  AugmentOptions options = Off();
  options.noise_probability = 1;
  noise_ = MakeFeatureFile(folder_, "silent", {0, 0}, kBins,
                           [](int64_t, int64_t, int64_t) { return 0; });
  EXPECT_THAT(Apply(options, 1), testing::Each(0.5f));
  noise_ = nullptr;
  EXPECT_THAT(Apply(options, 1), testing::Each(0.5f));
}

}  // namespace
}  // namespace rill::training
