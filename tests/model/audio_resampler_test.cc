#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <limits>
#include <random>

#include "model/audio/resampler.h"
#include "tests/model/audio_bytes.h"

namespace rill {
namespace {

std::unique_ptr<Resampler> Make(int from, int to) {
  absl::StatusOr<std::unique_ptr<Resampler>> resampler = Resampler::Create(from, to);
  EXPECT_TRUE(resampler.ok()) << resampler.status();
  return *std::move(resampler);
}

std::vector<float> Resample(int from, int to, absl::Span<const float> input, size_t longest) {
  const std::unique_ptr<Resampler> resampler = Make(from, to);
  std::vector<float> output;
  std::mt19937 random(longest);
  while (!input.empty()) {
    const size_t count = std::min<size_t>(1 + random() % longest, input.size());
    resampler->Accept(input.first(count), &output);
    input.remove_prefix(count);
  }
  resampler->Finish(&output);
  return output;
}

std::vector<float> Noise(size_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<float> uniform(-1, 1);
  std::vector<float> samples(count);
  for (float& sample : samples) sample = uniform(random);
  return samples;
}

// The amplitude of the tone of `hz` in the middle of the samples, whose ends ring.
double Amplitude(const std::vector<float>& samples, double hz, double rate) {
  const size_t begin = samples.size() / 4, count = samples.size() / 2;
  std::complex<double> sum = 0;
  double weight = 0;
  for (size_t i = 0; i < count; ++i) {
    // A window, as the tone need not end where it began.
    const double w = std::pow(std::sin(M_PI * (i + 0.5) / count), 4);
    sum += w * samples[begin + i] * std::polar(1.0, -2 * M_PI * hz * (begin + i) / rate);
    weight += w;
  }
  return 2 * std::abs(sum) / weight;
}

std::vector<float> Tone(double hz, int rate, double seconds) {
  std::vector<float> tone(static_cast<size_t>(rate * seconds));
  for (size_t i = 0; i < tone.size(); ++i) {
    tone[i] = static_cast<float>(std::sin(2 * M_PI * hz * i / rate));
  }
  return tone;
}

class ResamplerTest : public testing::TestWithParam<std::pair<int, int>> {};

TEST_P(ResamplerTest, AnyCutGivesTheSameBits) {
  const auto [from, to] = GetParam();
  const std::vector<float> input = Tones(1, from, from + 17);
  const std::vector<float> expected = Resample(from, to, input, input.size());
  for (const size_t longest : {1, 10, 1000, 5000}) {
    EXPECT_EQ(Resample(from, to, input, longest), expected) << longest;
  }
}

TEST_P(ResamplerTest, KeepsTonesAndTime) {
  const auto [from, to] = GetParam();
  const std::vector<float> output = Resample(from, to, Tones(1, from, from), from);
  ASSERT_EQ(output.size(), static_cast<size_t>(to));
  const std::vector<float> expected = Tones(1, to, to);
  // The beginning and the end ring against the silence around them.
  for (int i = to / 32; i < to - to / 32; ++i) ASSERT_NEAR(output[i], expected[i], 2e-6) << i;
}

TEST_P(ResamplerTest, IsAsLongAsTheInput) {
  const auto [from, to] = GetParam();
  for (const int count : {1, 2, 3, 10, 95, 96, 97, 1000, 4097}) {
    const std::vector<float> output = Resample(from, to, Noise(count, 1), 100);
    EXPECT_EQ(output.size(), static_cast<size_t>(std::llround(1.0 * count * to / from))) << count;
  }
}

TEST_P(ResamplerTest, IsFlatTo91PercentAndSilentFromTheNyquistFrequencyOn) {
  const auto [from, to] = GetParam();
  if (from == to) return;
  const double nyquist = std::min(from, to) / 2.0;
  for (const double part : {0.05, 0.3, 0.6, 0.8, 0.91}) {
    const std::vector<float> output = Resample(from, to, Tone(part * nyquist, from, 0.5), from);
    EXPECT_NEAR(Amplitude(output, part * nyquist, to), 1, 2e-5) << part;
    // Upwards there are images about the multiples of the input's rate.
    for (const double image : {from - part * nyquist, from + part * nyquist}) {
      if (image < to / 2.0) {
        EXPECT_LT(Amplitude(output, image, to), 1e-6) << part << ", " << image;
      }
    }
  }
  if (from < to) return;
  for (const double part : {1.0, 1.01, 1.1, 1.4, 2.3}) {
    const double hz = part * nyquist;
    if (hz >= from / 2.0) continue;
    const std::vector<float> output = Resample(from, to, Tone(hz, from, 0.5), from);
    const double alias = std::abs(hz - to * std::round(hz / to));
    EXPECT_LT(Amplitude(output, alias, to), 1e-6) << part;
  }
}

TEST_P(ResamplerTest, HoldsBackNoMoreThanItSays) {
  const auto [from, to] = GetParam();
  std::vector<float> output;
  Make(from, to)->Accept(Noise(from, 1), &output);
  const double seconds = 1 - static_cast<double>(output.size()) / to;
  // 94 samples of the lower rate, and up to 18 of the input.
  const double limit = 94.0 / std::min(from, to) + 18.0 / from;
  EXPECT_LE(seconds, from == to ? 0 : limit + 1.0 / to);
}

TEST_P(ResamplerTest, GoesOnWithTheSameBitsAfterAMove) {
  const auto [from, to] = GetParam();
  std::mt19937 random(from + to);
  for (int n = 0; n < 20; ++n) {
    const std::vector<float> input = Noise(1 + random() % (3 * from / 2), n);
    const std::vector<float> expected = Resample(from, to, input, input.size());
    std::unique_ptr<Resampler> resampler = Make(from, to);
    std::vector<float> output;
    size_t longest = n % 2 == 0 ? 400 : from;
    for (size_t at = 0; at < input.size();) {
      StateWriter writer;
      resampler->Save(writer);
      const std::string state = writer.Take();
      StateReader reader(state);
      resampler = Make(from, to);
      resampler->Load(reader);
      reader.RequireEnd();
      ASSERT_TRUE(reader.ok()) << reader.status();
      const size_t count = std::min<size_t>(random() % longest, input.size() - at);
      resampler->Accept(absl::MakeConstSpan(input).subspan(at, count), &output);
      at += count;
    }
    resampler->Finish(&output);
    ASSERT_EQ(output, expected);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Rates, ResamplerTest,
    testing::Values(std::pair(4000, 16000), std::pair(8000, 16000), std::pair(11025, 16000),
                    std::pair(16000, 16000), std::pair(22050, 16000), std::pair(24000, 16000),
                    std::pair(32000, 16000), std::pair(44100, 16000), std::pair(44101, 16000),
                    std::pair(47999, 16000), std::pair(48000, 16000), std::pair(96000, 16000),
                    std::pair(191999, 16000), std::pair(192000, 16000), std::pair(7999, 16000),
                    std::pair(16000, 8000), std::pair(16000, 17778), std::pair(16000, 14545)));

TEST(ResamplerLoadTest, RefusesWhatNoResamplerSaves) {
  const std::vector<float> kept(96 + 95);
  for (const int64_t inputs : {int64_t{-1}, int64_t{0}, int64_t{1} << 60}) {
    StateWriter writer;
    writer.Write(inputs);
    writer.WriteAll<float>(kept);
    const std::string state = writer.Take();
    StateReader reader(state);
    Make(8000, 16000)->Load(reader);
    EXPECT_FALSE(reader.ok()) << inputs;
  }
  StateWriter writer;
  writer.Write<int64_t>(0);
  writer.WriteAll<float>(std::vector<float>(95, std::numeric_limits<float>::quiet_NaN()));
  const std::string state = writer.Take();
  StateReader reader(state);
  Make(8000, 16000)->Load(reader);
  EXPECT_EQ(reader.status(),
            absl::InvalidArgumentError("state: resampler samples is out of range"));
}

TEST(ResamplerSilenceTest, FoldsNoHighToneBack) {
  const std::vector<float> output = Resample(48000, 16000, Tone(11000, 48000, 1), 48000);
  for (size_t i = 500; i < 15500; ++i) ASSERT_NEAR(output[i], 0, 2e-6) << i;
}

TEST(ResamplerSilenceTest, EmptyStaysEmpty) { EXPECT_TRUE(Resample(8000, 16000, {}, 1).empty()); }

TEST(ResamplerRatesTest, RefusesRatesThatAreTooFarApart) {
  for (const auto& [from, to] : {std::pair(0, 16000), std::pair(16000, -1), std::pair(1, 16000),
                                 std::pair(std::numeric_limits<int>::max(), 16000)}) {
    EXPECT_EQ(Resampler::Create(from, to).status().code(), absl::StatusCode::kInvalidArgument);
  }
}

}  // namespace
}  // namespace rill
