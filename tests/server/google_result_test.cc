#include <gmock/gmock.h>

#include "server/services/google/result.h"

namespace rill::server::google_speech {
namespace {

constexpr auto kInterim = StreamEvent::Kind::kInterim;
constexpr auto kFinal = StreamEvent::Kind::kFinal;

// Words of 100 ms, 100 ms apart, from `start_ms` on.
StreamEvent Event(StreamEvent::Kind kind, const std::vector<std::string>& words, int start_ms) {
  StreamEvent event;
  event.kind = kind;
  int64_t time = int64_t{kSamplesPerMs} * start_ms;
  event.start = time;
  for (const std::string& word : words) {
    event.hypothesis.words.push_back({word, time, time + 1600, 0.5f});
    time += 3200;
  }
  event.hypothesis.text = JoinWords(event.hypothesis.words);
  event.hypothesis.confidence = 0.25f;
  event.hypothesis.stability = 0.75f;
  event.end = time;
  return event;
}

TEST(GoogleResultTest, TimesAreDurations) {
  ResultStyle style;
  style.format.word_times = true;
  style.language = "en-us";
  const auto result = ResultWriter(style).Streaming(Event(kFinal, {"a", "b"}, 1000));
  ASSERT_TRUE(result);
  EXPECT_TRUE(result->is_final());
  EXPECT_EQ(result->stability(), 0);
  EXPECT_EQ(result->result_end_time().seconds(), 1);
  EXPECT_EQ(result->result_end_time().nanos(), 400'000'000);
  EXPECT_EQ(result->language_code(), "en-us");
  const speech::SpeechRecognitionAlternative& best = result->alternatives(0);
  EXPECT_EQ(best.transcript(), "a b");
  EXPECT_FLOAT_EQ(best.confidence(), 0.25f);
  ASSERT_EQ(best.words_size(), 2);
  EXPECT_EQ(best.words(1).word(), "b");
  EXPECT_EQ(best.words(1).start_time().seconds(), 1);
  EXPECT_EQ(best.words(1).start_time().nanos(), 200'000'000);
  EXPECT_EQ(best.words(1).end_time().nanos(), 300'000'000);
  EXPECT_EQ(best.words(1).confidence(), 0);
}

TEST(GoogleResultTest, WordsHaveWhatWasAskedFor) {
  ResultStyle style;
  const StreamEvent event = Event(kFinal, {"a"}, 1000);
  EXPECT_EQ(ResultWriter(style).Recorded(event)->alternatives(0).words_size(), 0);
  style.word_confidence = true;
  const auto result = ResultWriter(style).Recorded(event);
  ASSERT_EQ(result->alternatives(0).words_size(), 1);
  EXPECT_FLOAT_EQ(result->alternatives(0).words(0).confidence(), 0.5f);
  EXPECT_FALSE(result->alternatives(0).words(0).has_start_time());
}

TEST(GoogleResultTest, TranscriptsCanBeJoined) {
  ResultWriter writer({});
  std::string joined;
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{}, {"a"}, {"b", "c"}, {}, {"d"}}) {
    const auto result = writer.Recorded(Event(kFinal, words, 0));
    EXPECT_EQ(result.has_value(), !words.empty());
    if (result) joined += result->alternatives(0).transcript();
  }
  EXPECT_EQ(joined, "a b c d");
  EXPECT_EQ(writer.Streaming(Event(kInterim, {"e"}, 0))->alternatives(0).transcript(), " e");
}

TEST(GoogleResultTest, InterimResultsComeWhenTheirTextChanges) {
  ResultWriter writer({});
  EXPECT_FALSE(writer.Streaming(Event(kInterim, {}, 0)));
  const auto first = writer.Streaming(Event(kInterim, {"a"}, 0));
  ASSERT_TRUE(first);
  EXPECT_FALSE(first->is_final());
  EXPECT_FLOAT_EQ(first->stability(), 0.75f);
  EXPECT_EQ(first->alternatives(0).confidence(), 0);
  EXPECT_FALSE(writer.Streaming(Event(kInterim, {"a"}, 0)));
  EXPECT_TRUE(writer.Streaming(Event(kFinal, {"a"}, 0)));
  EXPECT_TRUE(writer.Streaming(Event(kInterim, {"a"}, 900)));
  // Words that are taken back.
  const auto none = writer.Streaming(Event(kInterim, {}, 900));
  ASSERT_TRUE(none);
  EXPECT_EQ(none->alternatives(0).transcript(), "");
}

TEST(GoogleResultTest, NoiseIsTakenBackIfItWasTold) {
  ResultWriter writer({});
  EXPECT_FALSE(writer.Streaming(Event(kFinal, {}, 0)));
  EXPECT_TRUE(writer.Streaming(Event(kInterim, {"uh"}, 0)));
  const auto result = writer.Streaming(Event(kFinal, {}, 0));
  ASSERT_TRUE(result);
  EXPECT_TRUE(result->is_final());
  EXPECT_EQ(result->alternatives(0).transcript(), "");
}

TEST(GoogleResultTest, OtherTextsFollowTheBest) {
  StreamEvent event = Event(kFinal, {"a"}, 0);
  event.alternatives = {Event(kFinal, {"b"}, 0).hypothesis};
  ResultWriter writer({});
  EXPECT_EQ(writer.Recorded(event)->alternatives(1).transcript(), "b");
  EXPECT_EQ(writer.Recorded(event)->alternatives(1).transcript(), " b");
}

TEST(GoogleResultTest, WordsAreWrittenAsTheClientWantsThem) {
  ResultStyle style;
  style.format.inverse_text_normalization = true;
  style.format.mask_profanity = true;
  const auto result =
      ResultWriter(style).Recorded(Event(kFinal, {"fucking", "twenty", "five", "dollars"}, 0));
  EXPECT_EQ(result->alternatives(0).transcript(), "f****** $25");
}

}  // namespace
}  // namespace rill::server::google_speech
