#include "server/services/convert.h"

#include <gtest/gtest.h>

namespace rill::server {
namespace {

Hypothesis Of(const std::vector<std::string>& words) {
  Hypothesis hypothesis;
  int64_t time = 16000;
  for (const std::string& word : words) {
    hypothesis.words.push_back({word, time, time + 1600, 0.5f});
    hypothesis.text += (hypothesis.text.empty() ? "" : " ") + word;
    time += 3200;
  }
  hypothesis.confidence = 0.5f;
  return hypothesis;
}

StreamEvent Event(StreamEvent::Kind kind) {
  StreamEvent event;
  event.kind = kind;
  event.hypothesis = Of({"fucking", "twenty", "five", "dollars"});
  event.alternatives = {Of({"twenty", "six"})};
  event.start = 16000;
  event.end = 48000;
  return event;
}

TEST(ConvertTest, ResultsAreSpokenUnlessAskedOtherwise) {
  const v1::Result result = ToResult(Event(StreamEvent::Kind::kFinal), {});
  EXPECT_EQ(result.text(), "fucking twenty five dollars");
  EXPECT_EQ(result.start_ms(), 1000);
  EXPECT_EQ(result.end_ms(), 3000);
  EXPECT_EQ(result.words_size(), 0);
  ASSERT_EQ(result.alternatives_size(), 1);
  EXPECT_EQ(result.alternatives(0).text(), "twenty six");
}

TEST(ConvertTest, WrittenWordsHaveTheTimesOfTheSpokenOnes) {
  const v1::Result result = ToResult(Event(StreamEvent::Kind::kFinal), {true, true, true});
  EXPECT_EQ(result.text(), "f****** $25");
  ASSERT_EQ(result.words_size(), 2);
  EXPECT_EQ(result.words(1).text(), "$25");
  EXPECT_EQ(result.words(1).start_ms(), 1200);
  EXPECT_EQ(result.words(1).end_ms(), 1700);
  ASSERT_EQ(result.alternatives_size(), 1);
  EXPECT_EQ(result.alternatives(0).text(), "26");
  EXPECT_EQ(result.alternatives(0).words_size(), 1);
}

TEST(ConvertTest, InterimResultsAreTextOnly) {
  StreamEvent event = Event(StreamEvent::Kind::kInterim);
  event.alternatives.clear();
  const v1::Result result = ToResult(event, {true, true, true});
  EXPECT_EQ(result.text(), "f****** $25");
  EXPECT_FALSE(result.is_final());
  EXPECT_EQ(result.words_size(), 0);
}

TEST(ConvertTest, InterimResultsTellWhatIsSettled) {
  StreamEvent event = Event(StreamEvent::Kind::kInterim);
  event.hypothesis.stability = 0.75f;
  event.hypothesis.words[2].agreement = 0.5f;
  v1::Result result = ToResult(event, {});
  EXPECT_EQ(result.stability(), 0.75f);
  EXPECT_EQ(result.settled_words(), 2);
  EXPECT_EQ(ToResult(event, {true, true, true}).settled_words(), 0);
  event.kind = StreamEvent::Kind::kFinal;
  EXPECT_EQ(ToResult(event, {}).stability(), 0);
}

TEST(ConvertTest, ABoostNotGivenIsTheDefault) {
  v1::RecognitionConfig config;
  config.add_hot_words()->set_phrase("a");
  config.add_hot_words()->set_boost(-2);
  const std::vector<HotWord> words = ToHotWords(config.hot_words());
  ASSERT_EQ(words.size(), 2);
  EXPECT_EQ(words[0].boost, kDefaultBoost);
  EXPECT_EQ(words[1].boost, -2);
}

TEST(ConvertTest, ErrorsOfTheRecogniserNameTheClientsFields) {
  const v1::RecognitionConfig config;
  const Caller caller;
  const auto open = ToOpenRequest("Recognize", "config", config, caller);
  const auto sent = [&open](const char* message) {
    const absl::Status status = open.as_sent(absl::FailedPreconditionError(message));
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
    return std::string(status.message());
  };
  EXPECT_EQ(sent("decoder.kind: needs letters"), "config.decoding.method: needs letters");
  EXPECT_EQ(sent("decoder.beam.lexicon: needs a model"),
            "config.decoding.lexicon_only: needs a model");
  EXPECT_EQ(sent("decoder.beam.beam: 0"), "config.decoding.beam: 0");
  EXPECT_EQ(sent("decoder.alternatives: 101"), "config.alternatives: 101");
  EXPECT_EQ(sent("hot_words[2]: has a 7"), "config.hot_words[2]: has a 7");
  EXPECT_EQ(sent("state: ends too early"), "config.resume: ends too early");
  EXPECT_EQ(sent("the server has all its streams"), "the server has all its streams");
}

}  // namespace
}  // namespace rill::server
