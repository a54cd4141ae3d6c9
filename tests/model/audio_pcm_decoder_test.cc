#include <gtest/gtest.h>
#include <sndfile.h>

#include <bit>
#include <cmath>
#include <limits>
#include <utility>

#include "model/audio/pcm_decoder.h"
#include "tests/model/audio_bytes.h"

namespace rill {
namespace {

AudioFormat Linear16(int rate, int channels) { return {AudioEncoding::kLinear16, rate, channels}; }
AudioFormat Float32(int rate, int channels) { return {AudioEncoding::kFloat32, rate, channels}; }

Bytes FloatBytes(const std::vector<float>& samples) {
  Bytes bytes;
  for (const float sample : samples) Append32(std::bit_cast<uint32_t>(sample), &bytes);
  return bytes;
}

Bytes Linear16Bytes(const std::vector<float>& samples) {
  Bytes bytes;
  for (const float sample : samples) {
    Append16(static_cast<uint16_t>(std::lround(sample * 32767)), &bytes);
  }
  return bytes;
}

TEST(PcmDecoderTest, Linear16SpansTheRange) {
  const Decoded decoded = Decode(Linear16(16000, 1), {0, 0, 0, 0x80, 0xFF, 0x7F, 0, 0x40});
  ASSERT_TRUE(decoded.status.ok()) << decoded.status;
  EXPECT_EQ(decoded.samples, (std::vector<float>{0, -1, 32767 / 32768.0f, 0.5f}));
}

// As a WAV of the same, which libsndfile vouches for.
TEST(PcmDecoderTest, TelephonesNeedNoHeader) {
  const std::vector<float> tones = Tones(2, 8000, 4000);
  for (const auto& [encoding, subtype] :
       {std::pair(AudioEncoding::kMuLaw, SF_FORMAT_ULAW), {AudioEncoding::kALaw, SF_FORMAT_ALAW}}) {
    const Bytes raw = Encode(tones, 2, 8000, SF_FORMAT_RAW | subtype);
    ASSERT_EQ(raw.size(), 8000u);
    const Decoded wav =
        Decode({AudioEncoding::kWav, 0, 0}, Encode(tones, 2, 8000, SF_FORMAT_WAV | subtype));
    const Decoded decoded = Decode({encoding, 8000, 2}, raw, 100);
    ASSERT_TRUE(decoded.status.ok()) << decoded.status;
    EXPECT_EQ(decoded.samples.size(), 8000u);
    EXPECT_EQ(decoded.samples, wav.samples);
    EXPECT_FALSE(Decode({encoding, 0, 1}, raw).status.ok()) << "of which rate?";
  }
}

TEST(PcmDecoderTest, MixesChannelsDown) {
  const Decoded decoded = Decode(Float32(16000, 3), FloatBytes({0.75f, 0, 0, -0.5f, -0.5f, 0.25f}));
  EXPECT_EQ(decoded.samples, (std::vector<float>{0.25f, -0.25f}));
}

TEST(PcmDecoderTest, CleansFloats) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float infinity = std::numeric_limits<float>::infinity();
  const Decoded decoded =
      Decode(Float32(16000, 1), FloatBytes({nan, infinity, -infinity, 2, -7e37f, 0.5f, 1e-42f}));
  EXPECT_EQ(decoded.samples, (std::vector<float>{0, 0, 0, 1, -1, 0.5f, 1e-42f}));
}

TEST(PcmDecoderTest, DropsAPartOfAFrame) {
  EXPECT_TRUE(Decode(Linear16(16000, 1), {1}).samples.empty());
  EXPECT_EQ(Decode(Linear16(16000, 2), {0, 1, 0, 1, 0, 1, 0}).samples.size(), 1u);
}

TEST(PcmDecoderTest, NoBytesNoSamples) {
  const Decoded decoded = Decode(Linear16(8000, 1), {});
  EXPECT_TRUE(decoded.status.ok());
  EXPECT_TRUE(decoded.samples.empty());
}

class PcmCutTest : public testing::TestWithParam<std::tuple<int, int>> {};

TEST_P(PcmCutTest, AnyCutGivesTheSameBits) {
  const auto [rate, channels] = GetParam();
  const std::vector<float> tones = Tones(channels, rate, rate / 10);
  for (const bool is_float : {false, true}) {
    const AudioFormat format = is_float ? Float32(rate, channels) : Linear16(rate, channels);
    const Bytes bytes = is_float ? FloatBytes(tones) : Linear16Bytes(tones);
    const Decoded expected = Decode(format, bytes);
    ASSERT_TRUE(expected.status.ok()) << expected.status;
    EXPECT_NEAR(expected.samples.size(), 1600, 1);
    for (const size_t longest : {1, 3, 7, 100, 4097}) {
      EXPECT_EQ(Decode(format, bytes, longest).samples, expected.samples) << longest;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Formats, PcmCutTest,
                         testing::Combine(testing::Values(4000, 8000, 16000, 44100, 192000),
                                          testing::Values(1, 2, 3, 8)));

}  // namespace
}  // namespace rill
