#include "model/features/log_mel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cfloat>
#include <cmath>
#include <fstream>
#include <limits>
#include <random>
#include <string>

#include "model/audio/audio_file.h"
#include "model/audio/resampler.h"

namespace rill {
namespace {

constexpr int kBins = 80;
const std::string kClip = std::string(RILL_SOURCE_DIR) + "/tests/data/amiable.flac";

std::vector<float> Clip() {
  absl::StatusOr<std::vector<float>> samples = ReadAudioFileAt(kClip, 16000);
  EXPECT_TRUE(samples.ok()) << samples.status();
  return samples.ok() ? *samples : std::vector<float>();
}

std::vector<float> Frames(absl::Span<const float> samples, const LogMelOptions& options = {}) {
  LogMel log_mel(options);
  std::vector<float> frames;
  log_mel.Accept(samples, &frames);
  return frames;
}

std::vector<float> Noise(size_t count, float amplitude) {
  std::mt19937 random(1);
  std::uniform_real_distribution<float> uniform(-amplitude, amplitude);
  std::vector<float> samples(count);
  for (float& sample : samples) sample = uniform(random);
  return samples;
}

TEST(LogMelTest, EqualsKaldi) {
  const std::vector<float> frames = Frames(Clip());
  ASSERT_EQ(frames.size() / kBins, 327u);

  std::ifstream file(std::string(RILL_SOURCE_DIR) + "/tests/data/amiable.fbank", std::ios::binary);
  std::vector<float> expected(kBins);
  size_t compared = 0;
  double squares = 0;
  for (size_t n = 0; file.read(reinterpret_cast<char*>(expected.data()), kBins * sizeof(float));
       n += 8) {
    for (int m = 0; m < kBins; ++m, ++compared) {
      const double difference = frames[n * kBins + m] - expected[m];
      squares += difference * difference;
      EXPECT_NEAR(difference, 0, 2e-3) << "frame " << n << ", bin " << m;
    }
  }
  ASSERT_EQ(compared, 41u * kBins);
  EXPECT_LT(std::sqrt(squares / compared), 1e-4);
}

TEST(LogMelTest, AnyCutGivesTheSameBits) {
  const std::vector<float> samples = Clip();
  const std::vector<float> expected = Frames(samples);
  for (const size_t longest : {1, 159, 160, 161, 400, 640, 5000, 20000}) {
    std::mt19937 random(longest);
    LogMel log_mel({});
    std::vector<float> frames;
    for (size_t i = 0; i < samples.size();) {
      const size_t count = std::min<size_t>(1 + random() % longest, samples.size() - i);
      log_mel.Accept(absl::MakeConstSpan(samples).subspan(i, count), &frames);
      i += count;
    }
    EXPECT_EQ(frames, expected) << "pieces of up to " << longest;
  }
}

TEST(LogMelTest, GoesOnWithTheSameFramesAfterAMove) {
  const std::vector<float> samples = Clip();
  const absl::Span<const float> all = samples;
  for (const size_t cut : {0, 1, 399, 400, 12345, 40000}) {
    LogMel before({}), after({});
    std::vector<float> frames;
    before.Accept(all.first(cut), &frames);
    StateWriter writer;
    before.Save(writer);
    const std::string state = writer.Take();
    StateReader reader(state);
    after.Load(reader);
    reader.RequireEnd();
    ASSERT_TRUE(reader.ok()) << reader.status();
    after.Accept(all.subspan(cut), &frames);
    EXPECT_EQ(frames, Frames(samples));
  }
}

TEST(LogMelTest, LoadsLessThanAWindow) {
  for (const size_t count : {399, 400}) {
    StateWriter writer;
    writer.WriteAll<float>(Noise(count, 1));
    const std::string state = writer.Take();
    StateReader reader(state);
    LogMel({}).Load(reader);
    EXPECT_EQ(reader.ok(), count < 400) << reader.status();
  }
}

TEST(LogMelTest, ResetForgets) {
  const std::vector<float> samples = Clip();
  LogMel log_mel({});
  std::vector<float> frames;
  log_mel.Accept(Noise(399, 1), &frames);
  log_mel.Reset();
  log_mel.Accept(samples, &frames);
  EXPECT_EQ(frames, Frames(samples));
}

TEST(LogMelTest, OnlyWholeWindowsCount) {
  EXPECT_EQ(Frames({}).size(), 0u);
  EXPECT_EQ(Frames(Noise(399, 1)).size(), 0u);
  EXPECT_EQ(Frames(Noise(400, 1)).size(), 1u * kBins);
  EXPECT_EQ(Frames(Noise(559, 1)).size(), 1u * kBins);
  EXPECT_EQ(Frames(Noise(560, 1)).size(), 2u * kBins);
}

TEST(LogMelTest, SilenceIsAtTheFloor) {
  // A constant is silence too: the mean is removed.
  for (const float level : {0.0f, 0.5f}) {
    for (const float value : Frames(std::vector<float>(1600, level))) {
      ASSERT_FLOAT_EQ(value, std::log(FLT_EPSILON));
    }
  }
}

TEST(LogMelTest, LouderByAFactorIsHigherByItsLogarithm) {
  const std::vector<float> loud = Frames(Noise(4000, 1.0f));
  const std::vector<float> soft = Frames(Noise(4000, 0.01f));
  for (size_t i = 0; i < loud.size(); ++i) {
    ASSERT_NEAR(loud[i] - soft[i], 2 * std::log(100.0), 1e-3);
  }
}

TEST(LogMelTest, FullScaleAndWorseStayFinite) {
  std::vector<float> samples = Noise(1600, 1);
  for (float& sample : samples) sample = sample < 0 ? -1 : 1;
  samples[700] = std::numeric_limits<float>::quiet_NaN();
  samples[1200] = std::numeric_limits<float>::infinity();
  samples[1500] = std::numeric_limits<float>::max();
  for (const float value : Frames(samples)) ASSERT_TRUE(std::isfinite(value));
}

TEST(LogMelTest, AToneIsLoudestInItsFilter) {
  const auto mel = [](double hz) { return 1127 * std::log1p(hz / 700); };
  for (const int rate : {8000, 16000, 22050}) {
    for (const double hz : {440.0, 1000.0, 3000.0}) {
      std::vector<float> tone(rate / 10);
      for (size_t i = 0; i < tone.size(); ++i) tone[i] = 0.1f * std::sin(2 * M_PI * hz * i / rate);
      const std::vector<float> frames = Frames(tone, {.sample_rate = rate});
      const auto loudest = std::max_element(frames.begin(), frames.begin() + kBins);
      const double step = (mel(rate / 2.0) - mel(20)) / (kBins + 1);
      EXPECT_NEAR(loudest - frames.begin(), (mel(hz) - mel(20)) / step - 1, 1.5)
          << hz << " Hz at " << rate;
    }
  }
}

// Features at a speed against features of audio that is really played faster: resampled to
// rate / speed and taken as if of the first rate.
class LogMelSpeedTest : public testing::TestWithParam<double> {};

TEST_P(LogMelSpeedTest, EqualsFeaturesOfFasterAudio) {
  const double speed = GetParam();
  const std::vector<float> samples = Clip();
  auto resampler = Resampler::Create(16000, static_cast<int>(std::lround(16000 / speed)));
  ASSERT_TRUE(resampler.ok());
  std::vector<float> faster;
  (*resampler)->Accept(samples, &faster);
  (*resampler)->Finish(&faster);

  const std::vector<float> expected = Frames(faster);
  const std::vector<float> frames = Frames(samples, {.speed = speed});
  const size_t count = std::min(frames.size(), expected.size()) / kBins;
  EXPECT_NEAR(static_cast<double>(frames.size()) / expected.size(), 1, 0.005);
  // Neither the lowest filters, of a single bin each, nor those past the resampler's pass band.
  double bias = 0, distance = 0;
  size_t compared = 0;
  for (size_t n = 0; n < count; ++n) {
    for (int m = 15; m < 70; ++m, ++compared) {
      const double difference = frames[n * kBins + m] - expected[n * kBins + m];
      bias += difference;
      distance += std::abs(difference);
    }
  }
  EXPECT_NEAR(bias / compared, 0, 0.02);
  EXPECT_LT(distance / compared, 0.25);
}

INSTANTIATE_TEST_SUITE_P(Speeds, LogMelSpeedTest, testing::Values(0.9, 1.0, 1.1));

}  // namespace
}  // namespace rill
