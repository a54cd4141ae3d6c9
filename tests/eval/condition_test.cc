#include "tests/eval/condition.h"

#include <gtest/gtest.h>
#include <sndfile.h>

#include <cmath>
#include <random>

#include "tests/temporary_folder.h"

namespace rill::eval {
namespace {

std::vector<float> Tone(double hertz, size_t samples, float amplitude) {
  std::vector<float> tone(samples);
  for (size_t i = 0; i < samples; ++i) {
    tone[i] =
        amplitude * static_cast<float>(std::sin(2 * M_PI * hertz * static_cast<double>(i) / 16000));
  }
  return tone;
}

double Energy(const std::vector<float>& samples) {
  double sum = 0;
  for (const float sample : samples) sum += double{sample} * sample;
  return sum / static_cast<double>(samples.size());
}

class ConditionTest : public ::testing::Test {
 protected:
  // One sound, shorter than the speech.
  absl::StatusOr<NoiseSource> Noise() {
    std::mt19937 random(1);
    std::normal_distribution<float> normal(0, 0.1f);
    std::vector<float> samples(5000);
    for (float& sample : samples) sample = normal(random);
    SF_INFO info{};
    info.samplerate = 16000;
    info.channels = 1;
    info.format = SF_FORMAT_WAV | SF_FORMAT_FLOAT;
    SNDFILE* file = sf_open((folder_ / "noise.wav").c_str(), SFM_WRITE, &info);
    sf_write_float(file, samples.data(), static_cast<sf_count_t>(samples.size()));
    sf_close(file);
    return NoiseSource::Open(folder_ / "");
  }

  TemporaryFolder folder_;
};

TEST_F(ConditionTest, NamesAreUnderstood) {
  EXPECT_TRUE(Condition::Parse("clean").ok());
  EXPECT_EQ(*Condition::Parse("noise20")->noise_db, 20);
  EXPECT_EQ(*Condition::Parse("noise-2.5")->noise_db, -2.5);
  EXPECT_EQ(Condition::Parse("level-30")->level_db, -30);
  EXPECT_TRUE(Condition::Parse("telephone")->telephone);
  for (const char* bad : {"", "noise", "noisy", "level", "phone"}) {
    EXPECT_EQ(Condition::Parse(bad).status().code(), absl::StatusCode::kInvalidArgument) << bad;
  }
}

TEST_F(ConditionTest, NoiseIsAsLoudAsSaid) {
  auto noise = Noise();
  ASSERT_TRUE(noise.ok()) << noise.status();
  const std::vector<float> speech = Tone(440, 32000, 0.2f);
  for (const double decibels : {20.0, 5.0, 0.0}) {
    std::vector<float> mixed = speech;
    ASSERT_TRUE(noise->Mix(3, decibels, &mixed).ok());
    std::vector<float> difference(speech.size());
    for (size_t i = 0; i < speech.size(); ++i) difference[i] = mixed[i] - speech[i];
    EXPECT_NEAR(10 * std::log10(Energy(speech) / Energy(difference)), decibels, 1e-3);
    std::vector<float> again = speech;
    ASSERT_TRUE(noise->Mix(3, decibels, &again).ok());
    EXPECT_EQ(again, mixed) << "the same seed sounds the same";
  }
  EXPECT_FALSE(Apply(*Condition::Parse("noise10"), 1, speech, nullptr).ok());
  EXPECT_FALSE(NoiseSource::Open(folder_ / "none").ok());
}

TEST_F(ConditionTest, LevelAndTelephone) {
  const std::vector<float> speech = Tone(997, 32000, 0.5f);
  const auto soft = Apply(*Condition::Parse("level-30"), 1, speech, nullptr);
  ASSERT_TRUE(soft.ok());
  EXPECT_NEAR(10 * std::log10(Energy(soft->samples) / Energy(speech)), -30, 1e-3);
  const auto telephone = Apply(*Condition::Parse("telephone"), 1, speech, nullptr);
  ASSERT_TRUE(telephone.ok());
  EXPECT_EQ(telephone->rate, 8000);
  EXPECT_EQ(telephone->samples.size(), speech.size() / 2);
  EXPECT_NEAR(Energy(telephone->samples), Energy(speech), 0.01 * Energy(speech));
  // Above its band there is nothing.
  const auto high = Apply(*Condition::Parse("telephone"), 1, Tone(6000, 32000, 0.5f), nullptr);
  EXPECT_LT(Energy(high->samples), 1e-4 * Energy(speech));
}

TEST_F(ConditionTest, MuLawHasAFewPercentOfError) {
  for (float x = -1; x <= 1; x += 0.001f) {
    EXPECT_NEAR(ThroughMuLaw(x), x, 0.025 * std::abs(x) + 0.0002) << x;
    EXPECT_EQ(ThroughMuLaw(-x), -ThroughMuLaw(x));
  }
  EXPECT_EQ(ThroughMuLaw(2), 1);
}

}  // namespace
}  // namespace rill::eval
