// Where the client's audio comes from, and when it goes out.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sndfile.h>
#include <unistd.h>

#include <atomic>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <thread>

#include "client/audio/audio_file.h"
#include "client/audio/pacer.h"
#include "client/audio/pipe_source.h"
#include "tests/client/fake_clock.h"
#include "tests/temporary_folder.h"

namespace rill::client {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<int16_t> Samples(const std::string& bytes) {
  std::vector<int16_t> samples(bytes.size() / 2);
  std::memcpy(samples.data(), bytes.data(), samples.size() * 2);
  return samples;
}

TEST(PacerTest, SendsEachPieceWhenItsLastSampleIsDue) {
  FakeClock clock;
  Pacer pacer(&clock);
  pacer.WaitFor(100ms);
  pacer.WaitFor(100ms);
  pacer.WaitFor(50ms);
  EXPECT_THAT(clock.sleeps, ElementsAre(100ms, 100ms, 50ms));
}

TEST(PacerTest, CatchesUpAfterADelayWithoutDrift) {
  FakeClock clock;
  Pacer pacer(&clock);
  pacer.WaitFor(100ms);
  clock.Advance(250ms);  // the server held us back
  pacer.WaitFor(100ms);
  pacer.WaitFor(100ms);
  EXPECT_THAT(clock.sleeps, ElementsAre(100ms)) << "both were overdue";
  pacer.WaitFor(100ms);
  EXPECT_THAT(clock.sleeps, ElementsAre(100ms, 50ms)) << "and now it is in step again";
}

TEST(PacerTest, AudioOfUnknownLengthIsNotHeldBack) {
  FakeClock clock;
  Pacer pacer(&clock);
  pacer.WaitFor(0ms);
  EXPECT_TRUE(clock.sleeps.empty());
}

class AudioFileTest : public ::testing::Test {
 protected:
  std::string Write(const std::string& name, int format, int rate, int channels,
                    const std::vector<float>& samples) {
    const std::string path = folder_ / name;
    SF_INFO info{};
    info.samplerate = rate;
    info.channels = channels;
    info.format = format;
    SNDFILE* file = sf_open(path.c_str(), SFM_WRITE, &info);
    sf_writef_float(file, samples.data(), samples.size() / channels);
    sf_close(file);
    return path;
  }

  TemporaryFolder folder_;
};

TEST_F(AudioFileTest, SixteenBitMonoIsExact) {
  // libsndfile writes full scale as 32767.
  const std::vector<float> written = {0, 1 / 32767.0f, -32768 / 32767.0f, 1, -123 / 32767.0f};
  auto file = AudioFile::Open(Write("a.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16, 8000, 1, written));
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ((*file)->format().encoding(), v1::LINEAR16);
  EXPECT_EQ((*file)->format().sample_rate_hertz(), 8000);
  auto piece = (*file)->Read(1s);
  ASSERT_TRUE(piece.ok());
  EXPECT_THAT(Samples(piece->bytes), ElementsAre(0, 1, -32768, 32767, -123));
  EXPECT_EQ(piece->duration, 625us);
  piece = (*file)->Read(1s);
  ASSERT_TRUE(piece.ok());
  EXPECT_TRUE(piece->bytes.empty());
}

TEST_F(AudioFileTest, ChannelsAreMixedAndFloatsClipped) {
  auto file = AudioFile::Open(Write("a.wav", SF_FORMAT_WAV | SF_FORMAT_FLOAT, 44100, 3,
                                    {0.5f, 0.25f, 0, 3, 3, 3, -3, -3, -3, NAN, 0, 0}));
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ((*file)->format().channels(), 1);
  auto piece = (*file)->Read(1s);
  ASSERT_TRUE(piece.ok());
  EXPECT_THAT(Samples(piece->bytes), ElementsAre(8192, 32767, -32768, 0));
}

TEST_F(AudioFileTest, PiecesAddUpToTheWhole) {
  const int formats[] = {SF_FORMAT_WAV | SF_FORMAT_PCM_24, SF_FORMAT_FLAC | SF_FORMAT_PCM_16,
                         SF_FORMAT_AIFF | SF_FORMAT_PCM_16, SF_FORMAT_OGG | SF_FORMAT_VORBIS};
  const std::vector<float> second(22050 * 2, 0.1f);
  for (int format : formats) {
    auto file = AudioFile::Open(Write("a.bin", format, 22050, 2, second));
    ASSERT_TRUE(file.ok()) << file.status();
    EXPECT_EQ((*file)->seconds(), 1);
    size_t bytes = 0;
    while (true) {
      auto piece = (*file)->Read(70ms);
      ASSERT_TRUE(piece.ok());
      if (piece->bytes.empty()) break;
      EXPECT_LE(piece->duration, 70ms);
      bytes += piece->bytes.size();
    }
    EXPECT_EQ(bytes, 22050u * 2);
  }
}

TEST_F(AudioFileTest, ErrorsNameTheFile) {
  EXPECT_EQ(AudioFile::Open(folder_ / "missing.wav").status().code(), absl::StatusCode::kNotFound);
  std::ofstream(folder_ / "text.wav") << "not audio at all";
  const absl::Status status = AudioFile::Open(folder_ / "text.wav").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("text.wav"));
  EXPECT_FALSE(AudioFile::Open(folder_ / "").ok()) << "a folder";
}

class PipeSourceTest : public ::testing::Test {
 protected:
  PipeSourceTest() { EXPECT_EQ(pipe(pipe_), 0); }
  ~PipeSourceTest() override {
    close(pipe_[0]);
    CloseWriter();
  }
  void Write(const std::string& bytes) {
    ASSERT_EQ(write(pipe_[1], bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  }
  void CloseWriter() {
    if (pipe_[1] >= 0) close(pipe_[1]);
    pipe_[1] = -1;
  }
  absl::StatusOr<std::unique_ptr<PipeSource>> Open(int rate) {
    v1::AudioFormat raw;
    raw.set_encoding(v1::LINEAR16);
    raw.set_sample_rate_hertz(rate);
    return PipeSource::Open(pipe_[0], raw, &stop_);
  }

  int pipe_[2];
  std::atomic<bool> stop_ = false;
};

TEST_F(PipeSourceTest, RawAudioComesInPiecesOfItsRate) {
  Write(std::string(3500, 'x'));
  CloseWriter();
  auto source = Open(16000);
  ASSERT_TRUE(source.ok());
  auto piece = (*source)->Read(100ms);
  ASSERT_TRUE(piece.ok());
  EXPECT_EQ(piece->bytes.size(), 3200u);
  EXPECT_EQ(piece->duration, 100ms);
  piece = (*source)->Read(100ms);
  ASSERT_TRUE(piece.ok());
  EXPECT_EQ(piece->bytes.size(), 300u) << "what is there, without waiting for more";
  piece = (*source)->Read(100ms);
  ASSERT_TRUE(piece.ok());
  EXPECT_TRUE(piece->bytes.empty());
}

TEST_F(PipeSourceTest, WavAndFlacAreToldByTheirFirstBytesAndPassedOnWhole) {
  Write("RIFFabcdef");
  CloseWriter();
  auto source = Open(0);
  ASSERT_TRUE(source.ok()) << source.status();
  EXPECT_EQ((*source)->format().encoding(), v1::WAV);
  std::string bytes;
  while (true) {
    auto piece = (*source)->Read(100ms);
    ASSERT_TRUE(piece.ok());
    if (piece->bytes.empty()) break;
    bytes += piece->bytes;
    EXPECT_EQ(piece->duration, 0ms);
  }
  EXPECT_EQ(bytes, "RIFFabcdef");
}

TEST_F(PipeSourceTest, FlacIsKnownToo) {
  Write("fLaC");
  auto source = Open(0);
  ASSERT_TRUE(source.ok());
  EXPECT_EQ((*source)->format().encoding(), v1::FLAC);
}

TEST_F(PipeSourceTest, UnknownBytesNeedARate) {
  Write("\1\2\3\4\5");
  const absl::Status status = Open(0).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("--rate"));
}

TEST_F(PipeSourceTest, NothingIsNotAudio) {
  CloseWriter();
  EXPECT_EQ(Open(0).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(Open(16000).ok()) << "raw audio may be empty";
}

TEST_F(PipeSourceTest, StopEndsAReadThatWaits) {
  auto source = Open(16000);
  ASSERT_TRUE(source.ok());
  std::thread stopper([&] { stop_ = true; });
  auto piece = (*source)->Read(100ms);
  stopper.join();
  ASSERT_TRUE(piece.ok());
  EXPECT_TRUE(piece->bytes.empty());
}

}  // namespace
}  // namespace rill::client
