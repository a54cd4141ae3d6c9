// The whole way from bytes to events with a tiny random model: its words are babble, but they must
// be the same babble however the audio is cut, whoever else is there and however many chunks a step
// takes.
#include "model/recognizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <random>
#include <sstream>
#include <thread>

#include "model/features/log_mel.h"
#include "tests/model/test_model.h"
#include "tests/temporary_folder.h"

namespace rill {
namespace {

using Kind = StreamEvent::Kind;
using ::testing::HasSubstr;

// Bursts of noise and pauses, as 16-bit samples.
std::vector<uint8_t> RandomAudio(double seconds, uint32_t seed, double loudness = 0.2) {
  std::mt19937 random(seed);
  std::normal_distribution<double> normal;
  std::vector<uint8_t> bytes;
  double level = 0, previous = 0;
  for (int i = 0; i < seconds * 16000; ++i) {
    if (i % 2000 == 0) level = loudness * (random() % 4) / 3.0;
    previous = 0.7 * previous + level * normal(random);
    const auto sample = static_cast<int16_t>(std::clamp(previous, -1.0, 1.0) * 32767);
    bytes.push_back(static_cast<uint8_t>(sample & 255));
    bytes.push_back(static_cast<uint8_t>((sample >> 8) & 255));
  }
  return bytes;
}

// Everything about an event, for comparisons.
std::string Describe(const StreamEvent& event) {
  std::ostringstream out;
  out << static_cast<int>(event.kind) << " " << event.start << "-" << event.end << " "
      << event.flush_id << " '" << event.hypothesis.text << "' " << event.hypothesis.confidence;
  for (const Word& word : event.hypothesis.words) {
    out << " " << word.text << "@" << word.start << "-" << word.end << ":" << word.confidence;
  }
  return out.str();
}

class RecognizerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const std::string path = folder_ / "tiny.safetensors";
    ASSERT_TRUE(WriteTestModel(path).ok());
    auto recognizer = Recognizer::Load(path, {});
    ASSERT_TRUE(recognizer.ok()) << recognizer.status();
    recognizer_ = *std::move(recognizer);
    worker_ = *recognizer_->NewWorker(16);
  }

  static StreamOptions Options(int chunk_frames = 8) {
    StreamOptions options;
    options.audio = {AudioEncoding::kLinear16, 16000, 1};
    options.chunk_frames = chunk_frames;
    options.interim_results = false;
    options.endpoint.max_utterance_ms = 2000;
    return options;
  }

  std::unique_ptr<RecognitionStream> Open(const StreamOptions& options) {
    auto stream = worker_->OpenStream(options);
    EXPECT_TRUE(stream.ok()) << stream.status();
    return stream.ok() ? *std::move(stream) : nullptr;
  }

  void Step(RecognitionStream* stream, int max_chunks = 1) {
    EXPECT_TRUE(worker_->Step({&stream, 1}, max_chunks).ok());
  }

  // Steps until nothing is left to do; the events in words.
  std::vector<std::string> Drain(RecognitionStream* stream, int max_chunks = 1) {
    std::vector<std::string> events;
    while (stream->ready()) {
      Step(stream, max_chunks);
      for (const StreamEvent& event : stream->TakeEvents()) events.push_back(Describe(event));
    }
    return events;
  }

  // Fed whole, one chunk a step.
  std::vector<std::string> Whole(const std::vector<uint8_t>& audio, const StreamOptions& options) {
    const auto stream = Open(options);
    EXPECT_TRUE(stream->AcceptAudio(audio).ok());
    EXPECT_TRUE(stream->Finish().ok());
    return Drain(stream.get());
  }

  TemporaryFolder folder_;
  std::unique_ptr<Recognizer> recognizer_;
  std::unique_ptr<RecognitionWorker> worker_;
};

TEST_F(RecognizerTest, SaysSomething) {
  const std::vector<std::string> events = Whole(RandomAudio(8, 1), Options());
  ASSERT_GE(events.size(), 3u);  // else the tests below compare nothing
  EXPECT_GT(events[0].size(), 40u);
  EXPECT_EQ(events.back()[0], '3');
}

TEST_F(RecognizerTest, WordsDoNotDependOnTheCut) {
  const std::vector<uint8_t> audio = RandomAudio(5, 2);
  for (const int chunk : kChunkFrames) {
    const std::vector<std::string> whole = Whole(audio, Options(chunk));
    for (const size_t piece : {1, 7, 320, 3201, 100000}) {
      const auto stream = Open(Options(chunk));
      std::vector<std::string> events;
      for (size_t at = 0; at < audio.size(); at += piece) {
        const auto bytes = absl::MakeConstSpan(audio).subspan(at, piece);
        ASSERT_TRUE(stream->AcceptAudio(bytes).ok());
        if (at / piece % 3 == 0) {
          for (std::string& event : Drain(stream.get())) events.push_back(std::move(event));
        }
      }
      ASSERT_TRUE(stream->Finish().ok());
      for (std::string& event : Drain(stream.get())) events.push_back(std::move(event));
      EXPECT_EQ(events, whole) << "pieces of " << piece << ", chunk " << chunk;
    }
  }
}

TEST_F(RecognizerTest, WordsDoNotDependOnTheNumberOfChunksAStep) {
  const std::vector<uint8_t> audio = RandomAudio(6.321, 3);
  const std::vector<std::string> one = Whole(audio, Options());
  for (const int max_chunks : {2, 5, 1000}) {
    const auto stream = Open(Options());
    ASSERT_TRUE(stream->AcceptAudio(audio).ok());
    ASSERT_TRUE(stream->Finish().ok());
    EXPECT_EQ(Drain(stream.get(), max_chunks), one) << max_chunks;
  }
}

TEST_F(RecognizerTest, WordsDoNotDependOnTheCompany) {
  std::mt19937 random(4);
  std::vector<std::vector<uint8_t>> audio;
  std::vector<StreamOptions> options;
  for (uint32_t i = 0; i < 12; ++i) {
    audio.push_back(RandomAudio(1 + random() % 4, 50 + i));
    options.push_back(Options(kChunkFrames[random() % 5]));
  }
  std::vector<std::vector<std::string>> alone;
  for (size_t i = 0; i < audio.size(); ++i) alone.push_back(Whole(audio[i], options[i]));

  std::vector<std::unique_ptr<RecognitionStream>> streams;
  std::vector<size_t> fed(audio.size(), 0);
  std::vector<std::vector<std::string>> events(audio.size());
  for (const StreamOptions& each : options) streams.push_back(Open(each));
  for (bool more = true; more;) {
    more = false;
    std::vector<RecognitionStream*> batch;
    for (size_t i = 0; i < streams.size(); ++i) {
      if (fed[i] < audio[i].size()) {
        const auto piece = absl::MakeConstSpan(audio[i]).subspan(fed[i], random() % 9000);
        ASSERT_TRUE(streams[i]->AcceptAudio(piece).ok());
        fed[i] += piece.size();
        if (fed[i] == audio[i].size()) {
          ASSERT_TRUE(streams[i]->Finish().ok());
        }
      }
      if (random() % 4 != 0) batch.push_back(streams[i].get());  // ready or not
    }
    EXPECT_TRUE(worker_->Step(batch, 1 + static_cast<int>(random() % 3)).ok());
    for (size_t i = 0; i < streams.size(); ++i) {
      for (const StreamEvent& event : streams[i]->TakeEvents())
        events[i].push_back(Describe(event));
      more |= fed[i] < audio[i].size() || streams[i]->ready();
    }
  }
  EXPECT_EQ(events, alone);
}

// The server's threads: each client feeds from its own, one thread runs the model.
TEST_F(RecognizerTest, ClientsOnThreadsHearTheSame) {
  constexpr size_t kClients = 4;
  std::vector<std::vector<uint8_t>> audio;
  std::vector<std::vector<std::string>> alone, events(kClients);
  for (uint32_t i = 0; i < kClients; ++i) {
    audio.push_back(RandomAudio(3, 80 + i));
    alone.push_back(Whole(audio[i], Options()));
  }
  std::vector<std::unique_ptr<RecognitionStream>> streams;
  std::vector<RecognitionStream*> batch;
  for (size_t i = 0; i < kClients; ++i) {
    streams.push_back(Open(Options()));
    batch.push_back(streams[i].get());
  }
  std::vector<std::thread> clients;
  for (size_t i = 0; i < kClients; ++i) {
    clients.emplace_back([&, i] {
      for (size_t at = 0; at < audio[i].size(); at += 1600) {
        const auto piece = absl::MakeConstSpan(audio[i]).subspan(at, 1600);
        EXPECT_TRUE(streams[i]->AcceptAudio(piece).ok());
      }
      EXPECT_TRUE(streams[i]->Finish().ok());
    });
  }
  for (size_t ended = 0; ended < kClients;) {
    EXPECT_TRUE(worker_->Step(batch, 2).ok());
    for (size_t i = 0; i < kClients; ++i) {
      for (const StreamEvent& event : streams[i]->TakeEvents()) {
        events[i].push_back(Describe(event));
        ended += event.kind == Kind::kEnd;
      }
    }
  }
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(events, alone);
}

TEST_F(RecognizerTest, InterimResultsComeOnlyWithNews) {
  StreamOptions options = Options();
  options.interim_results = true;
  const auto stream = Open(options);
  ASSERT_TRUE(stream->AcceptAudio(RandomAudio(6, 5)).ok());
  ASSERT_TRUE(stream->Finish().ok());
  std::string last;
  int interims = 0;
  while (stream->ready()) {
    Step(stream.get());
    for (const StreamEvent& event : stream->TakeEvents()) {
      if (event.kind == Kind::kInterim) {
        EXPECT_NE(event.hypothesis.text, last);
        EXPECT_FALSE(event.hypothesis.text.empty());
        ++interims;
      }
      last = event.kind == Kind::kInterim ? event.hypothesis.text : "";
    }
  }
  EXPECT_GT(interims, 3);
}

TEST_F(RecognizerTest, FlushBringsOutWhatIsThereAndTheStreamGoesOn) {
  const auto stream = Open(Options());
  const std::vector<uint8_t> audio = RandomAudio(4, 6);
  const auto bytes = absl::MakeConstSpan(audio);
  ASSERT_TRUE(stream->AcceptAudio(bytes.first(45000)).ok());
  ASSERT_TRUE(stream->Flush(17).ok());
  ASSERT_TRUE(stream->Flush(18).ok());
  ASSERT_TRUE(stream->AcceptAudio(bytes.subspan(45000)).ok());
  ASSERT_TRUE(stream->Finish().ok());
  std::vector<StreamEvent> events;
  while (stream->ready()) {
    Step(stream.get(), 3);
    for (StreamEvent& event : stream->TakeEvents()) events.push_back(std::move(event));
  }
  std::vector<uint64_t> flushed;
  int64_t time = 0;
  for (const StreamEvent& event : events) {
    if (event.kind == Kind::kFlushed) flushed.push_back(event.flush_id);
    EXPECT_GE(event.end, time);
    time = event.end;
    for (const Word& word : event.hypothesis.words) {
      EXPECT_GE(word.start, event.start);
      EXPECT_LE(word.end, event.end);
      EXPECT_LT(word.start, word.end);
    }
    if (event.kind == Kind::kFlushed) {
      // 22,500 samples are 139 whole windows; nothing is held back and nothing counted twice.
      EXPECT_EQ(event.end, 139 * 160);
    }
  }
  EXPECT_EQ(flushed, (std::vector<uint64_t>{17, 18}));
  EXPECT_EQ(events.back().kind, Kind::kEnd);
  EXPECT_EQ(events.back().end, (64000 - 400) / 160 * 160 + 160);
  EXPECT_EQ(stream->samples_received(), 64000);
}

TEST_F(RecognizerTest, FeaturesGiveTheSameWordsAsTheirAudio) {
  const std::vector<uint8_t> audio = RandomAudio(4, 7);
  std::vector<float> samples(audio.size() / 2);
  for (size_t i = 0; i < samples.size(); ++i) {
    int16_t sample;
    std::memcpy(&sample, audio.data() + 2 * i, 2);
    samples[i] = static_cast<float>(sample) / 32768.0f;
  }
  std::vector<float> frames;
  LogMel(LogMelOptions()).Accept(samples, &frames);

  StreamOptions options = Options();
  options.input = StreamOptions::Input::kFeatures;
  options.audio = {};
  const auto stream = Open(options);
  ASSERT_TRUE(stream->AcceptFeatures(frames).ok());
  ASSERT_TRUE(stream->Finish().ok());
  EXPECT_EQ(Drain(stream.get()), Whole(audio, Options()));
}

TEST_F(RecognizerTest, TinyEmptyAndSilentAudioIsNoError) {
  for (const size_t bytes : {0, 1, 2, 798, 799, 800, 802, 1120, 1440, 6000}) {
    const auto stream = Open(Options());
    ASSERT_TRUE(stream->AcceptAudio(std::vector<uint8_t>(bytes, 0)).ok()) << bytes;
    ASSERT_TRUE(stream->Finish().ok()) << bytes;
    const std::vector<std::string> events = Drain(stream.get());
    ASSERT_FALSE(events.empty()) << bytes;
    EXPECT_EQ(events.back()[0], '3') << bytes;
    if (bytes < 800) {
      EXPECT_EQ(events.size(), 1u) << bytes;
    }
  }
  StreamOptions automatic = Options();
  automatic.audio = {};
  const auto stream = Open(automatic);
  ASSERT_TRUE(stream->Finish().ok());
  EXPECT_EQ(Drain(stream.get()).size(), 1u);
}

TEST_F(RecognizerTest, ErrorsAreFinal) {
  StreamOptions options = Options();
  options.audio = {};
  const auto stream = Open(options);
  const std::vector<uint8_t> babble(1000, 'x');
  const absl::Status error = stream->AcceptAudio(babble);
  EXPECT_EQ(error.code(), absl::StatusCode::kInvalidArgument) << error;
  EXPECT_EQ(stream->AcceptAudio(babble), error);
  EXPECT_EQ(stream->Flush(1), error);
  EXPECT_EQ(stream->Finish(), error);
  EXPECT_EQ(Drain(stream.get()).size(), 1u) << "the end comes, once";
  EXPECT_FALSE(stream->ready());
}

TEST_F(RecognizerTest, NothingIsAcceptedAfterFinish) {
  const auto stream = Open(Options());
  ASSERT_TRUE(stream->Finish().ok());
  EXPECT_EQ(stream->AcceptAudio({}).code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(stream->Flush(1).code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(stream->Finish().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(Drain(stream.get()).size(), 1u);
}

TEST_F(RecognizerTest, TheWrongKindOfInputIsAnError) {
  const auto audio = Open(Options());
  EXPECT_THAT(std::string(audio->AcceptFeatures(std::vector<float>(80)).message()),
              HasSubstr("features"));
  StreamOptions options = Options();
  options.input = StreamOptions::Input::kFeatures;
  const auto wrong_kind = Open(options);
  EXPECT_THAT(std::string(wrong_kind->AcceptAudio({}).message()), HasSubstr("audio"));
  const auto wrong_size = Open(options);
  EXPECT_THAT(std::string(wrong_size->AcceptFeatures(std::vector<float>(81)).message()),
              HasSubstr("features.data"));
  const auto not_finite = Open(options);
  EXPECT_THAT(std::string(not_finite->AcceptFeatures(std::vector<float>(80, NAN)).message()),
              HasSubstr("features.data"));
}

TEST_F(RecognizerTest, BadOptionsAreNamed) {
  const auto error = [this](const StreamOptions& options) {
    return std::string(worker_->OpenStream(options).status().message());
  };
  StreamOptions options = Options();
  options.chunk_frames = 3;
  EXPECT_THAT(error(options), HasSubstr("chunk_frames"));
  options = Options();
  options.max_queued_frames = 63;
  EXPECT_THAT(error(options), HasSubstr("max_queued_frames"));
  options = Options();
  options.audio.sample_rate = 1;
  EXPECT_THAT(error(options), HasSubstr("sample_rate"));
  options = Options();
  options.endpoint.max_utterance_ms = -1;
  EXPECT_THAT(error(options), HasSubstr("max_utterance_ms"));
  EXPECT_EQ(worker_->slots_in_use(), 0);
}

TEST_F(RecognizerTest, SlotsAreCountedAndGivenBack) {
  std::vector<std::unique_ptr<RecognitionStream>> streams;
  for (int i = 0; i < 16; ++i) streams.push_back(Open(Options()));
  EXPECT_EQ(worker_->slots_in_use(), 16);
  EXPECT_EQ(worker_->OpenStream(Options()).status().code(), absl::StatusCode::kResourceExhausted);
  streams.pop_back();
  EXPECT_EQ(worker_->slots_in_use(), 15);
  streams.push_back(Open(Options()));
  streams.clear();
  EXPECT_EQ(worker_->slots_in_use(), 0);
  EXPECT_EQ(worker_->slots(), 16);
}

TEST_F(RecognizerTest, AUsedSlotRemembersNothing) {
  const std::vector<uint8_t> audio = RandomAudio(3, 8);
  const std::vector<std::string> first = Whole(audio, Options());
  Whole(RandomAudio(3, 9), Options());
  EXPECT_EQ(Whole(audio, Options()), first);
}

TEST_F(RecognizerTest, FullnessIsTold) {
  StreamOptions options = Options();
  options.max_queued_frames = 100;
  const auto stream = Open(options);
  ASSERT_TRUE(stream->AcceptAudio(RandomAudio(1.0, 10)).ok());
  EXPECT_EQ(stream->queued_frames(), 98);
  EXPECT_FALSE(stream->full());
  ASSERT_TRUE(stream->AcceptAudio(RandomAudio(0.1, 11)).ok());
  EXPECT_TRUE(stream->full());
  Drain(stream.get());
  EXPECT_FALSE(stream->full());
  EXPECT_EQ(stream->queued_frames(), 108 % 32);
}

TEST_F(RecognizerTest, ABacklogHasABound) {
  StreamOptions options = Options();
  options.audio.sample_rate = 4000;
  const auto stream = Open(options);
  const std::vector<uint8_t> minute(2 * 4000 * 60, 1);
  int minutes = 0;
  absl::Status status;
  while (status.ok() && minutes < 30) {
    status = stream->AcceptAudio(minute);
    ++minutes;
  }
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(minutes, 21);
}

TEST_F(RecognizerTest, AMissingModelIsNamed) {
  const absl::Status status = Recognizer::Load(folder_ / "none", {}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(status.message()), HasSubstr("none"));
}

}  // namespace
}  // namespace rill
