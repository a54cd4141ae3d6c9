// The course of a stream: results, events, and its end by itself.
#include <gmock/gmock.h>

#include "server/services/google/responses.h"
#include "tests/server/google_fixture.h"

namespace rill::server::google_speech {
namespace {

using testing::HasSubstr;
using Kind = StreamEvent::Kind;

StreamEvent Event(Kind kind, const std::string& text, int end_ms) {
  StreamEvent event;
  event.kind = kind;
  event.hypothesis.text = text;
  event.start = event.end = int64_t{kSamplesPerMs} * end_ms;
  return event;
}

SpeechTimeouts Timeouts(int start_ms, int end_ms) {
  SpeechTimeouts::Config config;
  config.mutable_speech_start_timeout()->set_nanos(start_ms * 1'000'000);
  config.mutable_speech_end_timeout()->set_nanos(end_ms * 1'000'000);
  return *SpeechTimeouts::From(config, "timeouts");
}

// The course of a stream with a step for each list of events.
class Stream {
 public:
  explicit Stream(const Responses::Options& options) : responses_({}, options) {}

  Stream& Step(const std::vector<StreamEvent>& events, int processed_ms) {
    for (const auto& response : responses_.Take(events, processed_ms)) outcome_.Take(response);
    return *this;
  }
  std::string Course() const { return outcome_.Course(); }
  bool timed_out() const { return responses_.timed_out(); }

 private:
  Responses responses_;
  GoogleOutcome outcome_;
};

TEST(GoogleResponsesTest, AResultOrAnEventEach) {
  Responses::Options options;
  options.activity_events = true;
  Stream stream(options);
  stream.Step({Event(Kind::kInterim, "a", 300), Event(Kind::kSpeechStart, "", 100)}, 320);
  stream.Step({Event(Kind::kSpeechEnd, "", 400), Event(Kind::kFinal, "a", 1400),
               Event(Kind::kInterim, "b", 1500)},
              1600);
  stream.Step({Event(Kind::kFlushed, "", 1700), Event(Kind::kEnd, "", 1700)}, 1700);
  EXPECT_EQ(stream.Course(),
            "interim SPEECH_ACTIVITY_BEGIN:100 SPEECH_ACTIVITY_END:400 final interim");
}

TEST(GoogleResponsesTest, EventsComeOnlyIfAskedFor) {
  Stream stream({});
  stream.Step({Event(Kind::kSpeechStart, "", 100), Event(Kind::kSpeechEnd, "", 400),
               Event(Kind::kFinal, "a", 1400), Event(Kind::kEnd, "", 1400)},
              1400);
  EXPECT_EQ(stream.Course(), "final");
}

TEST(GoogleResponsesTest, TheEndOfASingleUtteranceIsToldBeforeItsResult) {
  Responses::Options options;
  options.single_utterance = true;
  Stream stream(options);
  // Noise ends nothing.
  stream.Step({Event(Kind::kInterim, "uh", 200), Event(Kind::kFinal, "", 400)}, 400);
  EXPECT_EQ(stream.Course(), "interim final");
  stream.Step({Event(Kind::kFinal, "a", 1400), Event(Kind::kEnd, "", 1400)}, 1600);
  EXPECT_EQ(stream.Course(), "interim final END_OF_SINGLE_UTTERANCE:1400 final");
}

TEST(GoogleResponsesTest, ASingleUtteranceWithoutWordsEndsWithTheAudio) {
  Responses::Options options;
  options.single_utterance = true;
  EXPECT_EQ(Stream(options).Step({Event(Kind::kEnd, "", 700)}, 700).Course(),
            "END_OF_SINGLE_UTTERANCE:700");
}

TEST(GoogleResponsesTest, NobodySpeaks) {
  Responses::Options options;
  options.timeouts = Timeouts(500, 0);
  Stream stream(options);
  stream.Step({}, 480);
  EXPECT_FALSE(stream.timed_out());
  stream.Step({}, 800);
  EXPECT_TRUE(stream.timed_out());
  EXPECT_EQ(stream.Course(), "SPEECH_ACTIVITY_TIMEOUT:500");
}

TEST(GoogleResponsesTest, SomebodySpeaksTooLate) {
  Responses::Options options;
  options.activity_events = true;
  options.timeouts = Timeouts(500, 0);
  // However much a step takes.
  Stream stream(options);
  stream.Step({Event(Kind::kSpeechStart, "", 600), Event(Kind::kFinal, "a", 900)}, 2000);
  EXPECT_EQ(stream.Course(), "SPEECH_ACTIVITY_TIMEOUT:500");
}

TEST(GoogleResponsesTest, SomebodySpeaksInTime) {
  Responses::Options options;
  options.timeouts = Timeouts(500, 0);
  Stream stream(options);
  stream.Step({Event(Kind::kSpeechStart, "", 400), Event(Kind::kSpeechEnd, "", 700),
               Event(Kind::kFinal, "a", 900)},
              999000);
  EXPECT_EQ(stream.Course(), "final");
}

TEST(GoogleResponsesTest, NobodySpeaksAnyMore) {
  Responses::Options options;
  options.timeouts = Timeouts(0, 900);
  Stream stream(options);
  stream.Step({}, 60000);
  stream.Step({Event(Kind::kSpeechStart, "", 61000), Event(Kind::kSpeechEnd, "", 62000),
               Event(Kind::kFinal, "a", 62500), Event(Kind::kSpeechStart, "", 62600)},
              62700);
  stream.Step({}, 65000);
  EXPECT_EQ(stream.Course(), "final");
  stream.Step({Event(Kind::kSpeechEnd, "", 65100), Event(Kind::kFinal, "b", 66000)}, 66000);
  EXPECT_EQ(stream.Course(), "final final SPEECH_ACTIVITY_TIMEOUT:66000");
}

TEST(GoogleResponsesTest, AnUtteranceThatIsOverDoesNotTimeOut) {
  Responses::Options options;
  options.single_utterance = true;
  options.timeouts = Timeouts(0, 100);
  Stream stream(options);
  stream.Step({Event(Kind::kSpeechStart, "", 100), Event(Kind::kSpeechEnd, "", 200),
               Event(Kind::kFinal, "a", 300), Event(Kind::kEnd, "", 300)},
              640);
  EXPECT_EQ(stream.Course(), "END_OF_SINGLE_UTTERANCE:300 final");
}

TEST(GoogleResponsesTest, OnlyTimesAreTimeouts) {
  for (const auto& [seconds, nanos] :
       {std::pair<int64_t, int>{-1, 0}, {0, -1}, {0, 1'000'000'000}, {int64_t{1} << 62, 0}}) {
    SpeechTimeouts::Config config;
    config.mutable_speech_end_timeout()->set_seconds(seconds);
    config.mutable_speech_end_timeout()->set_nanos(nanos);
    const absl::Status status = SpeechTimeouts::From(config, "timeouts").status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << seconds << " " << nanos;
    EXPECT_THAT(std::string(status.message()), HasSubstr("timeouts.speech_end_timeout: "));
  }
  SpeechTimeouts::Config config;
  EXPECT_FALSE(SpeechTimeouts::From(config, "")->any());
  config.mutable_speech_start_timeout()->set_nanos(1);
  EXPECT_TRUE(SpeechTimeouts::From(config, "")->any());
}

}  // namespace
}  // namespace rill::server::google_speech
