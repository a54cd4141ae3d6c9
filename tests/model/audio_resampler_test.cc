#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "model/audio/resampler.h"
#include "tests/model/audio_bytes.h"

namespace rill {
namespace {

std::vector<float> Resample(int from, int to, absl::Span<const float> input, size_t longest) {
  auto resampler = Resampler::Create(from, to);
  EXPECT_TRUE(resampler.ok());
  std::vector<float> output;
  std::mt19937 random(longest);
  while (!input.empty()) {
    const size_t count = std::min<size_t>(1 + random() % longest, input.size());
    EXPECT_TRUE((*resampler)->Accept(input.first(count), &output).ok());
    input.remove_prefix(count);
  }
  EXPECT_TRUE((*resampler)->Finish(&output).ok());
  return output;
}

class ResamplerTest : public testing::TestWithParam<int> {};

TEST_P(ResamplerTest, AnyCutGivesTheSameBits) {
  const std::vector<float> input = Tones(1, GetParam(), GetParam() + 17);
  const std::vector<float> expected = Resample(GetParam(), 16000, input, input.size());
  for (const size_t longest : {1, 10, 1000, 5000}) {
    EXPECT_EQ(Resample(GetParam(), 16000, input, longest), expected) << longest;
  }
}

TEST_P(ResamplerTest, KeepsTonesAndTime) {
  const int rate = GetParam();
  const std::vector<float> output = Resample(rate, 16000, Tones(1, rate, rate), rate);
  ASSERT_NEAR(output.size(), 16000, 1);
  const std::vector<float> expected = Tones(1, 16000, 16000);
  // The beginning and the end ring against the silence around them.
  for (size_t i = 500; i < 15500; ++i) ASSERT_NEAR(output[i], expected[i], 1e-3) << i;
}

INSTANTIATE_TEST_SUITE_P(Rates, ResamplerTest,
                         testing::Values(4000, 8000, 11025, 16000, 22050, 44100, 47999, 48000,
                                         192000));

TEST(ResamplerSilenceTest, FoldsNoHighToneBack) {
  std::vector<float> tone(48000);
  for (size_t i = 0; i < tone.size(); ++i) tone[i] = std::sin(2 * M_PI * 11000 * i / 48000);
  const std::vector<float> output = Resample(48000, 16000, tone, tone.size());
  for (size_t i = 500; i < 15500; ++i) ASSERT_NEAR(output[i], 0, 1e-5) << i;
}

TEST(ResamplerSilenceTest, EmptyStaysEmpty) { EXPECT_TRUE(Resample(8000, 16000, {}, 1).empty()); }

}  // namespace
}  // namespace rill
