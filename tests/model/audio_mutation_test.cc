// Damaged and cut recordings: no crash, no hang, no memory without bound, and one answer however
// the bytes are cut. Run it under the asan-ubsan preset too.
#include <gtest/gtest.h>
#include <sndfile.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "tests/model/audio_bytes.h"

namespace rill {
namespace {

constexpr int kMutations = 1500;

Bytes Mutate(Bytes bytes, std::mt19937* random) {
  const int count = 1 + (*random)() % 4;
  for (int i = 0; i < count && !bytes.empty(); ++i) {
    // Half of the damage goes to the header, where the decisions are.
    const size_t end = (*random)() % 2 == 0 ? std::min<size_t>(bytes.size(), 64) : bytes.size();
    const size_t at = (*random)() % end;
    switch ((*random)() % 6) {
      case 0:
        bytes[at] ^= 1 << (*random)() % 8;
        break;
      case 1:
        bytes[at] = (*random)();
        break;
      case 2:
        for (size_t j = at; j < std::min(at + 4, bytes.size()); ++j) bytes[j] = 0xFF;
        break;
      case 3:
        bytes.resize(at);
        break;
      case 4:
        bytes.erase(bytes.begin() + at,
                    bytes.begin() + std::min(at + (*random)() % 16, bytes.size()));
        break;
      case 5:
        AppendText(std::string(bytes.begin(), bytes.begin() + at), &bytes);
        break;
    }
  }
  return bytes;
}

class AudioMutationTest : public testing::TestWithParam<int> {};

TEST_P(AudioMutationTest, HaveOneAnswerHoweverCut) {
  const int channels = 2;
  const Bytes whole = Encode(Tones(channels, 8000, 1200), channels, 8000, GetParam());
  int survived = 0;
  for (int i = 0; i < kMutations; ++i) {
    std::mt19937 random(i);
    const Bytes bytes = Mutate(whole, &random);
    const Decoded expected = Decode({}, bytes);
    survived += expected.status.ok();
    ASSERT_LT(expected.samples.size(), 1000 * bytes.size() + 100000) << "mutation " << i;
    for (const float sample : expected.samples) ASSERT_LE(std::abs(sample), 4.0f);
    const Decoded pieces = Decode({}, bytes, 1 + random() % 200, i);
    ASSERT_EQ(pieces.status, expected.status) << "mutation " << i;
    if (expected.status.ok()) {
      ASSERT_EQ(pieces.samples, expected.samples) << "mutation " << i;
    }
  }
  // Both ways through the decoder were taken.
  EXPECT_GT(survived, kMutations / 100);
  EXPECT_LT(survived, kMutations);
}

INSTANTIATE_TEST_SUITE_P(Formats, AudioMutationTest,
                         testing::Values(SF_FORMAT_WAV | SF_FORMAT_PCM_16,
                                         SF_FORMAT_WAVEX | SF_FORMAT_PCM_24,
                                         SF_FORMAT_WAV | SF_FORMAT_DOUBLE,
                                         SF_FORMAT_FLAC | SF_FORMAT_PCM_16,
                                         SF_FORMAT_FLAC | SF_FORMAT_PCM_24));

TEST(AudioNoiseTest, RandomBytesAreAnswered) {
  for (int i = 0; i < 500; ++i) {
    std::mt19937 random(i);
    Bytes bytes(random() % 3000);
    for (uint8_t& byte : bytes) byte = random();
    Bytes flac;
    AppendText("fLaC" + std::string(bytes.begin(), bytes.end()), &flac);
    EXPECT_FALSE(Decode({}, flac).status.ok());
    EXPECT_TRUE(Decode({AudioEncoding::kFloat32, 44100, 2}, bytes, 100).status.ok());
  }
}

}  // namespace
}  // namespace rill
