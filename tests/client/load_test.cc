#include "client/load/load_test.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sndfile.h>

#include <cstring>

#include "client/load/load_audio.h"
#include "client/load/percentiles.h"
#include "tests/client/fake_server.h"
#include "tests/temporary_folder.h"

namespace rill::client {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

TEST(PercentilesTest, NearestRank) {
  Percentiles values;
  EXPECT_EQ(values.At(50), 0);
  for (int i = 100; i >= 1; --i) values.Add(i);
  EXPECT_EQ(values.At(50), 50);
  EXPECT_EQ(values.At(99), 99);
  EXPECT_EQ(values.At(99.5), 100);
  EXPECT_EQ(values.At(100), 100);
  EXPECT_EQ(values.At(0), 1);
  values.Add(1000);
  EXPECT_EQ(values.At(100), 1000) << "values may still come after a question";
}

class LoadTestTest : public ::testing::Test {
 protected:
  // Samples count up from `first`, so that their origin shows.
  std::string WriteWav(const std::string& name, int rate, int first, int count) {
    const std::string path = folder_ / name;
    SF_INFO info{};
    info.samplerate = rate;
    info.channels = 1;
    info.format = SF_FORMAT_WAV | SF_FORMAT_PCM_16;
    SNDFILE* file = sf_open(path.c_str(), SFM_WRITE, &info);
    std::vector<short> samples(count);
    for (int i = 0; i < count; ++i) samples[i] = static_cast<short>(first + i);
    sf_writef_short(file, samples.data(), count);
    sf_close(file);
    return path;
  }

  LoadOptions Options() {
    LoadOptions options;
    options.connection.server = server_.address();
    options.streams = 4;
    options.seconds = 1;
    options.ramp_seconds = 0.2;
    options.connections = 2;
    return options;
  }

  FakeServer server_;
  TemporaryFolder folder_;
  std::atomic<bool> stop_ = false;
};

std::vector<int16_t> Decode(const std::string& bytes) {
  std::vector<int16_t> samples(bytes.size() / 2);
  std::memcpy(samples.data(), bytes.data(), samples.size() * 2);
  return samples;
}

TEST_F(LoadTestTest, AudioGoesRoundFromEachStreamsRecording) {
  auto audio = LoadAudio::Read({WriteWav("a.wav", 8000, 0, 3), WriteWav("b.wav", 8000, 100, 2)}, 0);
  ASSERT_TRUE(audio.ok()) << audio.status();
  EXPECT_EQ(audio->format().sample_rate_hertz(), 8000);
  EXPECT_THAT(Decode(audio->Samples(0, 0, 7)), ElementsAre(0, 1, 2, 100, 101, 0, 1));
  EXPECT_THAT(Decode(audio->Samples(1, 0, 3)), ElementsAre(100, 101, 0));
  EXPECT_THAT(Decode(audio->Samples(2, 5001, 2)), ElementsAre(1, 2));
}

TEST_F(LoadTestTest, RecordingsArePausedBetween) {
  auto audio =
      LoadAudio::Read({WriteWav("a.wav", 8000, 1, 2), WriteWav("b.wav", 8000, 7, 1)}, 2.0 / 8000);
  ASSERT_TRUE(audio.ok()) << audio.status();
  EXPECT_THAT(Decode(audio->Samples(0, 0, 8)), ElementsAre(1, 2, 0, 0, 7, 0, 0, 1));
}

TEST_F(LoadTestTest, AudioOfTwoRatesOrNoneIsRefused) {
  const std::string a = WriteWav("a.wav", 8000, 0, 3), b = WriteWav("b.wav", 16000, 0, 3);
  EXPECT_EQ(LoadAudio::Read({a, b}, 0).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_FALSE(LoadAudio::Read({}, 0).ok());
  EXPECT_FALSE(LoadAudio::Read({WriteWav("empty.wav", 8000, 0, 0)}, 0).ok());
}

TEST_F(LoadTestTest, EveryStreamIsSentWholeAndTimed) {
  auto audio = LoadAudio::Read({WriteWav("a.wav", 16000, 0, 3000)}, 0);
  ASSERT_TRUE(audio.ok());
  auto report = RunLoadTest(Options(), *audio, &stop_);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->completed, 4);
  EXPECT_TRUE(report->errors.empty()) << report->first_error;
  EXPECT_DOUBLE_EQ(report->audio_seconds, 4);
  EXPECT_EQ(report->words, 40);
  EXPECT_EQ(report->first_word.count(), 4u);
  EXPECT_EQ(report->finish.count(), 4u);
  EXPECT_GT(report->response.count(), 0u);
  EXPECT_GE(report->response.At(0), 0) << "nothing is heard before it is spoken";
  EXPECT_GE(report->send.At(0), 0) << "nor sent";
  for (const std::string& sent : server_.audio()) EXPECT_EQ(sent, audio->Samples(0, 0, 16000));
}

TEST_F(LoadTestTest, ErrorsAreCountedByCode) {
  auto audio = LoadAudio::Read({WriteWav("a.wav", 16000, 0, 3000)}, 0);
  ASSERT_TRUE(audio.ok());
  LoadOptions options = Options();
  options.recognition.set_model("broken");
  server_.set_error({grpc::StatusCode::RESOURCE_EXHAUSTED, "full"});
  auto report = RunLoadTest(options, *audio, &stop_);
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report->completed, 0);
  EXPECT_THAT(report->errors, ElementsAre(Pair(absl::StatusCode::kResourceExhausted, 4)));
  EXPECT_EQ(report->first_error, "full");
}

TEST_F(LoadTestTest, ServerThatEndsACallEarlyHasFailedIt) {
  auto audio = LoadAudio::Read({WriteWav("a.wav", 16000, 0, 3000)}, 0);
  ASSERT_TRUE(audio.ok());
  LoadOptions options = Options();
  options.recognition.set_model("broken");
  server_.set_error(grpc::Status::OK);
  auto report = RunLoadTest(options, *audio, &stop_);
  ASSERT_TRUE(report.ok());
  EXPECT_THAT(report->errors, ElementsAre(Pair(absl::StatusCode::kAborted, 4)));
}

TEST_F(LoadTestTest, StopEndsItEarly) {
  auto audio = LoadAudio::Read({WriteWav("a.wav", 16000, 0, 3000)}, 0);
  ASSERT_TRUE(audio.ok());
  LoadOptions options = Options();
  options.seconds = 1e6;
  stop_ = true;
  auto report = RunLoadTest(options, *audio, &stop_);
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report->completed, 0);
}

TEST_F(LoadTestTest, OptionsAreChecked) {
  auto audio = LoadAudio::Read({WriteWav("a.wav", 16000, 0, 3000)}, 0);
  ASSERT_TRUE(audio.ok());
  auto code = [&](const LoadOptions& options) {
    return RunLoadTest(options, *audio, &stop_).status().code();
  };
  LoadOptions options = Options();
  options.streams = 0;
  EXPECT_EQ(code(options), absl::StatusCode::kInvalidArgument);
  options = Options();
  options.ramp_seconds = options.seconds;
  EXPECT_EQ(code(options), absl::StatusCode::kInvalidArgument);
  options = Options();
  options.packet_ms = 0;
  EXPECT_EQ(code(options), absl::StatusCode::kInvalidArgument);
  options = Options();
  options.connection.server = "nowhere";
  EXPECT_EQ(code(options), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace rill::client
