#include <gmock/gmock.h>

#include "server/services/riva/result.h"

namespace rill::server::riva {
namespace {

using testing::ElementsAre;

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
  event.hypothesis.stability = 1;
  event.end = time;
  return event;
}

constexpr auto kInterim = StreamEvent::Kind::kInterim;
constexpr auto kFinal = StreamEvent::Kind::kFinal;

TEST(RivaResultTest, TimesAreMillisecondsAndSeconds) {
  ResultStyle style;
  style.format.word_times = true;
  style.language = "en-US";
  const auto results = ResultWriter(style).Streaming({Event(kFinal, {"a", "b"}, 1000)}, 1500);
  ASSERT_EQ(results.size(), 1u);
  EXPECT_TRUE(results[0].is_final());
  EXPECT_EQ(results[0].stability(), 0);
  EXPECT_EQ(results[0].channel_tag(), 1);
  EXPECT_FLOAT_EQ(results[0].audio_processed(), 1.4f);
  const asr::SpeechRecognitionAlternative& best = results[0].alternatives(0);
  EXPECT_EQ(best.transcript(), "a b");
  EXPECT_FLOAT_EQ(best.confidence(), 0.25f);
  EXPECT_THAT(best.language_code(), ElementsAre("en-US"));
  ASSERT_EQ(best.words_size(), 2);
  EXPECT_EQ(best.words(1).word(), "b");
  EXPECT_EQ(best.words(1).start_time(), 1200);
  EXPECT_EQ(best.words(1).end_time(), 1300);
  EXPECT_FLOAT_EQ(best.words(1).confidence(), 0.5f);
}

TEST(RivaResultTest, TranscriptsCanBeJoined) {
  ResultWriter writer({});
  std::string joined;
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{}, {"a"}, {"b", "c"}, {}, {"d"}}) {
    joined += writer.Recorded(Event(kFinal, words, 0)).alternatives(0).transcript();
  }
  EXPECT_EQ(joined, "a b c d");
  const auto interims = writer.Streaming({Event(kInterim, {"e"}, 0)}, 0);
  EXPECT_EQ(interims.at(0).alternatives(0).transcript(), " e");
}

TEST(RivaResultTest, InterimResultsComeWhenTheirTextChanges) {
  ResultWriter writer({});
  EXPECT_EQ(writer.Streaming({Event(kInterim, {"a"}, 0)}, 320).size(), 1u);
  EXPECT_EQ(writer.Streaming({Event(kInterim, {"a"}, 0)}, 640).size(), 0u);
  EXPECT_EQ(writer.Streaming({}, 960).size(), 0u);
  const auto results =
      writer.Streaming({Event(kFinal, {"a"}, 0), Event(kInterim, {"a"}, 900)}, 1280);
  ASSERT_EQ(results.size(), 2u);
  EXPECT_TRUE(results[0].is_final());
  EXPECT_LT(results[1].stability(), 1);
  // Words that are taken back.
  const auto none = writer.Streaming({Event(kInterim, {}, 900)}, 1600);
  ASSERT_EQ(none.size(), 1u);
  EXPECT_EQ(none[0].alternatives(0).transcript(), "");
}

TEST(RivaResultTest, APauseIsToldOnce) {
  ResultStyle style;
  style.pause_ms = 300;
  ResultWriter writer(style);
  EXPECT_EQ(writer.Streaming({Event(kInterim, {"a"}, 0)}, 320).size(), 1u);
  const auto paused = writer.Streaming({}, 400);
  ASSERT_EQ(paused.size(), 1u);
  EXPECT_FALSE(paused[0].is_final());
  EXPECT_EQ(paused[0].stability(), 1);
  EXPECT_EQ(paused[0].alternatives(0).transcript(), "a");
  EXPECT_FLOAT_EQ(paused[0].audio_processed(), 0.4f);
  EXPECT_TRUE(writer.Streaming({}, 700).empty());
  // The speaker goes on.
  EXPECT_EQ(writer.Streaming({Event(kInterim, {"a", "b"}, 0)}, 800).size(), 2u);
  EXPECT_EQ(writer.Streaming({Event(kFinal, {"a", "b"}, 0)}, 2000).size(), 1u);
  EXPECT_TRUE(writer.Streaming({}, 3000).empty());
}

TEST(RivaResultTest, EveryFinalResultHasAsManyAlternatives) {
  ResultStyle style;
  style.alternatives = 3;
  ResultWriter writer(style);
  StreamEvent event = Event(kFinal, {"a"}, 0);
  event.alternatives = {Event(kFinal, {"b"}, 0).hypothesis};
  const auto results = writer.Streaming({event, Event(kFinal, {}, 0)}, 320);
  const auto transcripts = [](const asr::StreamingRecognitionResult& result) {
    std::vector<std::string> all;
    for (const auto& alternative : result.alternatives()) all.push_back(alternative.transcript());
    return all;
  };
  ASSERT_EQ(results.size(), 2u);
  EXPECT_THAT(transcripts(results[0]), ElementsAre("a", "b", "a"));
  EXPECT_THAT(transcripts(results[1]), ElementsAre("", "", ""));
}

TEST(RivaResultTest, WordsAreWrittenAsTheClientWantsThem) {
  ResultStyle style;
  style.format.inverse_text_normalization = true;
  style.format.mask_profanity = true;
  const auto result =
      ResultWriter(style).Recorded(Event(kFinal, {"fucking", "twenty", "five", "dollars"}, 0));
  EXPECT_EQ(result.alternatives(0).transcript(), "f****** $25");
}

}  // namespace
}  // namespace rill::server::riva
