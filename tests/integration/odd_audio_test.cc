// Audio that is empty, tiny, silent, broken or not what was promised: an answer or an error that
// names what is wrong, and the next stream works.
#include <gmock/gmock.h>

#include <fstream>
#include <iterator>
#include <random>

#include "tests/integration/integration_fixture.h"

namespace rill {
namespace {

using ::testing::HasSubstr;

class OddAudioTest : public IntegrationTest {
 protected:
  v1::RecognitionConfig Raw(int rate = 16000) {
    v1::RecognitionConfig config;
    config.mutable_audio()->set_encoding(v1::LINEAR16);
    config.mutable_audio()->set_sample_rate_hertz(rate);
    return config;
  }

  v1::RecognitionConfig Contained(v1::AudioEncoding encoding = v1::AUDIO_ENCODING_UNSPECIFIED) {
    v1::RecognitionConfig config;
    config.mutable_audio()->set_encoding(encoding);
    return config;
  }

  std::string Flac() {
    std::ifstream file(RILL_SOURCE_DIR "/tests/data/go_forward.flac", std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  // By all three methods.
  void ExpectError(const std::string& audio, const v1::RecognitionConfig& config,
                   const std::string& message) {
    for (const Outcome& outcome :
         {Stream(audio, config, Pieces(1000)), Transcribe(audio, config, Pieces(1000)),
          Recognize(audio, config)}) {
      EXPECT_EQ(outcome.status.code(), absl::StatusCode::kInvalidArgument) << outcome.status;
      EXPECT_THAT(std::string(outcome.status.message()), HasSubstr(message));
    }
  }

  void TearDown() override {
    EXPECT_TRUE(EverythingFreed());
    const Clip clip = TestClips().front();
    EXPECT_TRUE(Stream(Head(clip, 1000), ConfigFor(clip), Pieces(3200)).status.ok());
    IntegrationTest::TearDown();
  }
};

TEST_F(OddAudioTest, NoneAtAll) {
  for (const v1::RecognitionConfig& config : {Raw(), Contained()}) {
    for (const Outcome& outcome : {Stream("", config, Pieces(1)), Transcribe("", config, Pieces(1)),
                                   Recognize("", config)}) {
      EXPECT_TRUE(outcome.status.ok()) << outcome.status;
      EXPECT_EQ(outcome.Text(), "");
      EXPECT_EQ(outcome.processed_ms, 0);
    }
  }
}

TEST_F(OddAudioTest, LessThanAWindow) {
  for (size_t bytes : {1, 2, 3, 320, 799, 800, 801, 1280}) {
    const Outcome outcome = Stream(std::string(bytes, '\1'), Raw(), Pieces(100));
    EXPECT_TRUE(outcome.status.ok()) << bytes << ": " << outcome.status;
    EXPECT_LE(outcome.finals.size(), 1u);
  }
}

TEST_F(OddAudioTest, SilenceAndFullScaleNoise) {
  const std::string silence(16000 * 2 * 20, '\0');
  const Outcome quiet = Stream(silence, Raw(), Pieces(32000));
  EXPECT_TRUE(quiet.status.ok()) << quiet.status;
  if (model_is_trained()) {
    EXPECT_EQ(quiet.Text(), "");
  }

  std::mt19937 random(1);
  std::string noise(16000 * 2 * 5, '\0');
  for (char& byte : noise) byte = static_cast<char>(random());
  EXPECT_TRUE(Stream(noise, Raw(), Pieces(32000)).status.ok());
}

TEST_F(OddAudioTest, FloatsThatAreNoNumbers) {
  v1::RecognitionConfig config = Raw();
  config.mutable_audio()->set_encoding(v1::FLOAT32);
  std::string bytes(16000 * 4, '\xff');  // NaN
  const Outcome outcome = Stream(bytes, config, Pieces(1001));
  EXPECT_TRUE(outcome.status.ok() || outcome.status.code() == absl::StatusCode::kInvalidArgument)
      << outcome.status;
}

TEST_F(OddAudioTest, NotAudio) {
  ExpectError(std::string(5000, 'x'), Contained(), "audio");
  ExpectError("RIFFxxxxWAVEfmt " + std::string(5000, '\xee'), Contained(v1::WAV), "WAV");
  ExpectError("fLaC" + std::string(5000, '\xee'), Contained(v1::FLAC), "FLAC");
  ExpectError(Flac(), Contained(v1::WAV), "WAV");
}

TEST_F(OddAudioTest, FlacWithBrokenFrames) {
  const std::string flac = Flac();
  std::mt19937 random(1);
  for (int round = 0; round < 50; ++round) {
    std::string broken = flac;
    for (int i = 0; i < 20; ++i) broken[random() % broken.size()] = static_cast<char>(random());
    const Outcome outcome = Stream(broken, Contained(), Pieces(1000));
    EXPECT_TRUE(outcome.status.ok() || outcome.status.code() == absl::StatusCode::kInvalidArgument)
        << outcome.status;
  }
}

// What was said before the damage is told, then the error.
TEST_F(OddAudioTest, WordsBeforeDamageAreKept) {
  const std::string flac = Flac();
  std::string damaged = flac;
  for (size_t at = flac.size() * 3 / 4; at < flac.size(); ++at) damaged[at] = 'x';
  const Outcome whole = Stream(flac, Contained(), Pieces(1000));
  ASSERT_TRUE(whole.status.ok()) << whole.status;
  for (const size_t piece : {size_t{100}, size_t{1000}, flac.size()}) {
    const Outcome outcome = Stream(damaged, Contained(), Pieces(piece));
    EXPECT_EQ(outcome.status.code(), absl::StatusCode::kInvalidArgument) << outcome.status;
    ASSERT_FALSE(outcome.finals.empty()) << piece;
    EXPECT_EQ(outcome.Text().substr(0, 3), whole.Text().substr(0, 3)) << piece;
    EXPECT_LE(outcome.finals.back().end_ms(), whole.finals.back().end_ms()) << piece;
  }
}

TEST_F(OddAudioTest, FlacCutShort) {
  const Outcome outcome = Stream(Flac().substr(0, 20000), Contained(), Pieces(1000));
  EXPECT_TRUE(outcome.status.ok()) << outcome.status;
  EXPECT_GT(outcome.processed_ms, 0) << "what came is recognised";
}

TEST_F(OddAudioTest, RateThatIsNotTheFiles) {
  v1::RecognitionConfig config = Contained(v1::FLAC);
  config.mutable_audio()->set_sample_rate_hertz(8000);
  ExpectError(Flac(), config, "sample");
}

TEST_F(OddAudioTest, RatesThatCannotBe) {
  for (int rate : {-1, 0, 1, 3999, 192001, 2147483647}) {
    ExpectError("", Raw(rate), "sample_rate_hertz");
  }
}

TEST_F(OddAudioTest, EveryRateInRangeWorks) {
  for (int rate : {4000, 8000, 11025, 22050, 44100, 48000, 96000, 192000}) {
    const Outcome outcome = Stream(std::string(rate * 2, '\0'), Raw(rate), Pieces(9999));
    EXPECT_TRUE(outcome.status.ok()) << rate << ": " << outcome.status;
    EXPECT_NEAR(outcome.processed_ms, 1000, 60) << rate;
  }
}

}  // namespace
}  // namespace rill
