// A stream that is saved and goes on in another worker, of another recogniser with the same files,
// tells the same events as one that was left alone.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "model/language_model/language_model_builder.h"
#include "model/recognizer.h"
#include "tests/model/small_arpa.h"
#include "tests/model/test_model.h"
#include "tests/temporary_folder.h"

namespace rill {
namespace {

using ::testing::HasSubstr;
using Kind = StreamEvent::Kind;

struct Setting {
  std::string name;
  StreamOptions options;
};

void PrintTo(const Setting& setting, std::ostream* out) { *out << setting.name; }

std::string Describe(const std::vector<StreamEvent>& events) {
  std::string text;
  for (const StreamEvent& event : events) {
    text += std::to_string(static_cast<int>(event.kind)) + " " + std::to_string(event.start) + "-" +
            std::to_string(event.end) + " " + std::to_string(event.flush_id) + " '" +
            event.hypothesis.text + "' " + std::to_string(event.hypothesis.score);
    for (const Word& word : event.hypothesis.words) {
      text += " " + std::to_string(word.start) + "-" + std::to_string(word.end) + " " +
              std::to_string(word.confidence);
    }
    text += "\n";
  }
  return text;
}

class RecognizerStateTest : public ::testing::TestWithParam<Setting> {
 protected:
  void SetUp() override {
    ASSERT_TRUE(WriteTestModel(folder_ / "tiny.safetensors").ok());
    std::vector<std::string> words;
    for (char a = 'a'; a <= 'z'; ++a) words.emplace_back(1, a);
    WriteText(folder_ / "lm.arpa", RandomArpa(words, 2, 1));
    ASSERT_TRUE(BuildLanguageModel(folder_ / "lm.arpa", folder_ / "lm.rlm", nullptr).ok());
    for (int i = 0; i < 2; ++i) {
      RecognizerOptions options;
      options.language_model = folder_ / "lm.rlm";
      auto recognizer = Recognizer::Load(folder_ / "tiny.safetensors", options);
      ASSERT_TRUE(recognizer.ok()) << recognizer.status();
      recognizers_[i] = *std::move(recognizer);
      workers_[i] = *recognizers_[i]->NewWorker(4);
    }
  }

  static std::vector<uint8_t> Noise(int samples, int bytes_per_sample) {
    std::mt19937 random(3);
    std::vector<uint8_t> bytes;
    double level = 0;
    for (int i = 0; i < samples; ++i) {
      if (i % 3000 == 0) level = static_cast<double>(random() % 4) / 4.0;
      const double value = level * (static_cast<double>(random() % 2001) - 1000) / 1000;
      if (bytes_per_sample == 4) {
        const auto sample = static_cast<float>(value);
        bytes.insert(bytes.end(), reinterpret_cast<const uint8_t*>(&sample),
                     reinterpret_cast<const uint8_t*>(&sample) + 4);
      } else {
        const auto sample = static_cast<int16_t>(value * 30000);
        bytes.push_back(static_cast<uint8_t>(sample & 255));
        bytes.push_back(static_cast<uint8_t>((sample >> 8) & 255));
      }
    }
    return bytes;
  }

  TemporaryFolder folder_;
  std::unique_ptr<Recognizer> recognizers_[2];
  std::unique_ptr<RecognitionWorker> workers_[2];
};

TEST_P(RecognizerStateTest, GoesOnElsewhereWithTheSameEvents) {
  const StreamOptions& options = GetParam().options;
  auto alone = *workers_[0]->OpenStream(options);
  auto moved = *workers_[0]->OpenStream(options);
  int at_worker = 0, moves = 0, words = 0;
  const std::vector<uint8_t> audio = Noise(
      12 * options.audio.sample_rate, options.audio.encoding == AudioEncoding::kFloat32 ? 4 : 2);
  std::mt19937 random(5);
  for (size_t at = 0; at < audio.size();) {
    const size_t size = std::min<size_t>(1 + random() % 9001, audio.size() - at);
    const bool flush = random() % 20 == 0;
    const bool hot_words = random() % 15 == 0;
    const std::vector<HotWord> phrases = {{random() % 2 == 0 ? "a b" : "xyz", 3}};
    for (RecognitionStream* stream : {alone.get(), moved.get()}) {
      ASSERT_TRUE(stream->AcceptAudio(absl::MakeConstSpan(audio).subspan(at, size)).ok());
      EXPECT_TRUE(!flush || stream->Flush(at).ok());
      EXPECT_TRUE(!hot_words || stream->SetHotWords(phrases).ok());
    }
    at += size;
    if (random() % 2 == 0) {
      EXPECT_TRUE(workers_[0]->Step({alone.get()}, 8).ok());
      EXPECT_TRUE(workers_[at_worker]->Step({moved.get()}, 8).ok());
      const auto events = alone->TakeEvents();
      ASSERT_EQ(Describe(moved->TakeEvents()), Describe(events)) << "after " << at;
      for (const StreamEvent& event : events)
        words += static_cast<int>(event.hypothesis.words.size());
    }
    if (random() % 3 == 0) {
      const auto state = moved->Save();
      ASSERT_TRUE(state.ok()) << state.status();
      moved.reset();
      at_worker = 1 - at_worker;
      auto next = workers_[at_worker]->ResumeStream(options, *state);
      ASSERT_TRUE(next.ok()) << next.status();
      moved = *std::move(next);
      ++moves;
      EXPECT_EQ(moved->samples_received(), alone->samples_received());
      EXPECT_EQ(moved->queued_frames(), alone->queued_frames());
      EXPECT_EQ(workers_[1 - at_worker]->slots_in_use(), at_worker == 0 ? 0 : 1);
    }
  }
  ASSERT_TRUE(alone->Finish().ok());
  ASSERT_TRUE(moved->Finish().ok());
  EXPECT_EQ(moved->Save().status().code(), absl::StatusCode::kFailedPrecondition);
  while (alone->ready()) EXPECT_TRUE(workers_[0]->Step({alone.get()}, 8).ok());
  while (moved->ready()) EXPECT_TRUE(workers_[at_worker]->Step({moved.get()}, 8).ok());
  EXPECT_EQ(Describe(moved->TakeEvents()), Describe(alone->TakeEvents()));
  EXPECT_GT(moves, 5);
  EXPECT_GT(words, 10);
}

std::vector<Setting> Settings() {
  StreamOptions options;
  options.audio = {AudioEncoding::kLinear16, 16000, 1};
  options.endpoint.max_utterance_ms = 2000;
  std::vector<Setting> settings = {{"Greedy", options}};
  options.audio = {AudioEncoding::kFloat32, 44100, 1};
  options.chunk_frames = 4;
  options.decoder.kind = DecoderOptions::Kind::kBeam;
  options.decoder.hot_words = {{"q", 4}};
  settings.push_back({"BeamAt44100Hz", options});
  options.audio = {AudioEncoding::kLinear16, 8000, 1};
  options.chunk_frames = 16;
  options.decoder.beam.lexicon = true;
  options.interim_results = false;
  settings.push_back({"LexiconAt8000Hz", options});
  return settings;
}

INSTANTIATE_TEST_SUITE_P(Settings, RecognizerStateTest, ::testing::ValuesIn(Settings()),
                         [](const auto& info) { return info.param.name; });

class RecognizerStateErrorTest : public RecognizerStateTest {};

TEST_P(RecognizerStateErrorTest, WhatIsNotItsStateIsRefused) {
  const StreamOptions& options = GetParam().options;
  auto stream = *workers_[0]->OpenStream(options);
  ASSERT_TRUE(stream->AcceptAudio(Noise(40000, 2)).ok());
  EXPECT_TRUE(workers_[0]->Step({stream.get()}, 2).ok());
  stream->TakeEvents();
  const std::string state = *stream->Save();
  const auto refused = [&](const StreamOptions& with, const std::string& bytes) {
    const absl::Status status = workers_[1]->ResumeStream(with, bytes).status();
    EXPECT_EQ(workers_[1]->slots_in_use(), 0);
    return status;
  };

  StreamOptions other = options;
  other.chunk_frames = 2;
  EXPECT_EQ(refused(other, state).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(refused(other, state).message(), HasSubstr("another configuration"));

  auto without = *Recognizer::Load(folder_ / "tiny.safetensors", {});
  auto worker = *without->NewWorker(1);
  const absl::Status status = worker->ResumeStream(options, state).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(status.message(), HasSubstr("without a language model"));

  EXPECT_EQ(refused(options, state + "x").code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(refused(options, "").code(), absl::StatusCode::kInvalidArgument);
  std::mt19937 random(9);
  for (int i = 0; i < 60; ++i) {
    EXPECT_FALSE(refused(options, state.substr(0, random() % state.size())).ok());
  }
}

TEST_P(RecognizerStateErrorTest, AQueueTooLongIsNotSaved) {
  StreamOptions options = GetParam().options;
  options.max_queued_frames = 20000;
  auto stream = *workers_[0]->OpenStream(options);
  ASSERT_TRUE(stream->AcceptAudio(std::vector<uint8_t>(16000 * 2 * 70)).ok());
  EXPECT_EQ(stream->Save().status().code(), absl::StatusCode::kUnavailable);
}

INSTANTIATE_TEST_SUITE_P(Greedy, RecognizerStateErrorTest, ::testing::Values(Settings().front()),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace rill
