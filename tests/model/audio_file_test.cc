#include "model/audio/audio_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sndfile.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "tests/model/audio_bytes.h"

namespace rill {
namespace {

using testing::HasSubstr;

TEST(AudioFileTest, ReadsTheClips) {
  const struct {
    const char* name;
    double seconds;
  } clips[] = {{"demo.flac", 10.09},
               {"amiable.flac", 3.29},
               {"go_forward.flac", 2.79},
               {"cards.opus", 3.50}};
  for (const auto& clip : clips) {
    const absl::StatusOr<std::vector<float>> samples = ReadAudioFileAt(TestClip(clip.name), 16000);
    ASSERT_TRUE(samples.ok()) << samples.status();
    EXPECT_NEAR(samples->size() / 16000.0, clip.seconds, 0.01) << clip.name;
    const float loudest = *std::max_element(samples->begin(), samples->end());
    EXPECT_GT(loudest, 0.1f) << clip.name;
    EXPECT_LE(loudest, 1.0f) << clip.name;
  }
}

TEST(AudioFileTest, MixesDown) {
  const std::string path =
      WriteTemporary(Encode({0.5f, -0.25f, 1.0f, 0.0f}, 2, 22050, SF_FORMAT_WAV | SF_FORMAT_FLOAT));
  const absl::StatusOr<AudioClip> clip = ReadAudioFile(path);
  std::remove(path.c_str());
  ASSERT_TRUE(clip.ok()) << clip.status();
  EXPECT_EQ(clip->sample_rate, 22050);
  EXPECT_EQ(clip->samples, (std::vector<float>{0.125f, 0.5f}));
}

TEST(AudioFileTest, CleansFloats) {
  const std::string path = WriteTemporary(
      Encode({NAN, INFINITY, -3.0f, 0.5f}, 1, 16000, SF_FORMAT_WAV | SF_FORMAT_FLOAT));
  const absl::StatusOr<AudioClip> clip = ReadAudioFile(path);
  std::remove(path.c_str());
  ASSERT_TRUE(clip.ok()) << clip.status();
  EXPECT_EQ(clip->samples, (std::vector<float>{0, 0, -1, 0.5f}));
}

TEST(AudioFileTest, ErrorsNameThePath) {
  EXPECT_THAT(std::string(ReadAudioFile("/no/such/file.wav").status().message()),
              HasSubstr("/no/such/file.wav"));
  const std::string path = WriteTemporary(Bytes(1000, 'x'));
  EXPECT_THAT(std::string(ReadAudioFileAt(path, 16000).status().message()), HasSubstr(path));
  std::remove(path.c_str());
}

}  // namespace
}  // namespace rill
