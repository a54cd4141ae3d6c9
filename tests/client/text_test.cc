// What `rill` writes: UTF-8, times, captions, progress, JSON.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>
#include <sstream>

#include "client/text/live_caption.h"
#include "client/text/progress_bar.h"
#include "client/text/timestamp.h"
#include "client/text/transcript_json.h"
#include "client/text/utf8.h"
#include "tests/client/fake_clock.h"

namespace rill::client {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

v1::Result Result(const std::string& text, bool is_final) {
  v1::Result result;
  result.set_text(text);
  result.set_is_final(is_final);
  result.set_start_ms(1240);
  result.set_end_ms(3500);
  return result;
}

TEST(Utf8Test, CountsColumns) {
  EXPECT_EQ(Columns(""), 0);
  EXPECT_EQ(Columns("word"), 4);
  EXPECT_EQ(Columns("Übergröße"), 9);
  EXPECT_EQ(Columns("日本"), 4);
  EXPECT_EQ(Columns("e\u0301"), 1) << "a combining accent takes no column";
}

TEST(Utf8Test, KeepsTheEnd) {
  EXPECT_EQ(KeepEnd("hello", 5), "hello");
  EXPECT_EQ(KeepEnd("hello", 4), "…llo");
  EXPECT_EQ(KeepEnd("hello", 1), "…");
  EXPECT_EQ(KeepEnd("hello", 0), "");
  EXPECT_EQ(KeepEnd("größe", 4), "…öße");
  EXPECT_EQ(KeepEnd("日本語", 4), "…語") << "half a character does not fit";
}

TEST(Utf8Test, EncodingsRoundTrip) {
  const std::string text = "a ß € 😀 語";
  EXPECT_EQ(EncodeUtf8(DecodeUtf8(text)), text);
  EXPECT_EQ(Printable(text), text);
}

TEST(Utf8Test, NothingSteersTheTerminal) {
  EXPECT_EQ(Printable("a\x1b[2Jb\r\nc\x7f"), "a [2Jb  c ");
  EXPECT_EQ(Printable("\u202Eabc"), " abc");
  EXPECT_EQ(Printable("\xff\xc0\xafz\xed\xa0\x80"), "���z���") << "not UTF-8";
}

TEST(Utf8Test, AnyBytesGiveValidTextWithinTheWidth) {
  std::mt19937 random(1);
  for (int round = 0; round < 2000; ++round) {
    std::string bytes(random() % 40, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    const int width = random() % 20;
    const std::string kept = KeepEnd(Printable(bytes), width);
    ASSERT_LE(Columns(kept), width);
    ASSERT_EQ(EncodeUtf8(DecodeUtf8(kept)), kept);
  }
}

TEST(TimestampTest, WritesHoursToMilliseconds) {
  EXPECT_EQ(FormatTimestamp(0), "00:00:00.000");
  EXPECT_EQ(FormatTimestamp(3723004, ','), "01:02:03,004");
  EXPECT_EQ(FormatTimestamp(360000000), "100:00:00.000");
  EXPECT_EQ(FormatTimestamp(-5), "00:00:00.000");
}

TEST(LiveCaptionTest, InterimIsWrittenOverAndFinalStays) {
  std::ostringstream out;
  {
    LiveCaption caption(&out, [] { return 80; });
    caption.Show(Result("hel", false));
    caption.Show(Result("hello", false));
    caption.Show(Result("hello world", true));
    caption.Show(Result("next", false));
  }
  EXPECT_EQ(out.str(),
            "hel\r\x1b[Khello\r\x1b[K[00:00:01.240 --> 00:00:03.500] hello world\nnext\r\x1b[K");
}

TEST(LiveCaptionTest, InterimNeverWraps) {
  std::ostringstream out;
  int width = 10;
  LiveCaption caption(&out, [&] { return width; });
  caption.Show(Result("one two three four", false));
  EXPECT_EQ(out.str(), "…ree four");
  out.str("");
  width = 5;
  caption.Show(Result("one two three four", false));
  EXPECT_EQ(out.str(), "\r\x1b[K…our") << "the window has become narrower";
}

TEST(LiveCaptionTest, EmptyFinalClearsTheLine) {
  std::ostringstream out;
  LiveCaption caption(&out, [] { return 80; });
  caption.Show(Result("noise", false));
  caption.Show(Result("", true));
  EXPECT_EQ(out.str(), "noise\r\x1b[K");
}

TEST(ProgressBarTest, ShowsPartFilesAndSpeed) {
  std::ostringstream out;
  FakeClock clock;
  ProgressBar bar(&out, &clock, 2, 100);
  clock.Advance(std::chrono::seconds(5));
  bar.AddSeconds(50);
  EXPECT_THAT(out.str(), HasSubstr("50 %  0/2 files  10.0 x real time"));
  out.str("");
  bar.AddSeconds(1);
  EXPECT_EQ(out.str(), "") << "not more often than ten times a second";
  bar.FileDone();
  EXPECT_THAT(out.str(), HasSubstr("51 %  1/2 files"));
}

TEST(ProgressBarTest, SilentWithoutTerminal) {
  FakeClock clock;
  std::ostringstream lines;
  ProgressBar bar(nullptr, &clock, 1, 0);
  bar.AddSeconds(1);
  bar.Print(lines, "line\n");
  EXPECT_EQ(lines.str(), "line\n");
}

TEST(TranscriptJsonTest, OneObjectALine) {
  v1::Result first = Result("hello \"you\"", true), second = Result("there", true);
  v1::Word* word = first.add_words();
  word->set_text("hello");
  word->set_start_ms(1240);
  word->set_end_ms(1600);
  word->set_confidence(0.98765f);
  const std::string line = TranscriptJson("a/b.wav", 3.21049, {first, second});
  EXPECT_EQ(line, R"({"file":"a/b.wav","seconds":3.21,"text":"hello \"you\" there",)"
                  R"("words":[{"text":"hello","start":1.24,"end":1.6,"confidence":0.988}]})");
}

TEST(TranscriptJsonTest, FinalsHaveTheirAlternativesIfAsked) {
  v1::Result first = Result("a", true);
  first.set_confidence(0.5);
  first.add_alternatives()->set_text("b");
  first.add_alternatives()->set_text("c");
  const std::string line = TranscriptJson("a.wav", 1, {first, Result("d", true)}, true);
  EXPECT_EQ(line,
            R"({"file":"a.wav","seconds":1.0,"text":"a d","words":[],"finals":[)"
            R"({"start":1.24,"end":3.5,"text":"a","confidence":0.5,"alternatives":["b","c"]},)"
            R"({"start":1.24,"end":3.5,"text":"d","confidence":0.0,"alternatives":[]}]})");
}

TEST(TranscriptJsonTest, BytesThatAreNotUtf8DoNotThrow) {
  const std::string line = TranscriptJson("\xff.wav", 1, {Result("a\nb\xfe", true)});
  EXPECT_THAT(line, Not(HasSubstr("\n")));
  EXPECT_TRUE(nlohmann::json::accept(line));
}

TEST(SpeechEventTest, IsALineOrAnObject) {
  v1::SpeechEvent event;
  event.set_type(v1::SpeechEvent::SPEECH_START);
  event.set_time_ms(1240);
  EXPECT_EQ(FormatSpeechEvent(event), "[00:00:01.240] speech starts");
  EXPECT_EQ(SpeechEventJson(event), R"({"event":"speech_start","time":1.24})");
  event.set_type(v1::SpeechEvent::SPEECH_END);
  EXPECT_EQ(FormatSpeechEvent(event), "[00:00:01.240] speech ends");
  EXPECT_EQ(SpeechEventJson(event), R"({"event":"speech_end","time":1.24})");
}

TEST(FlushedJsonTest, SaysWhichFlush) { EXPECT_EQ(FlushedJson(3), R"({"flushed":3})"); }

TEST(ResultJsonTest, FinalsHaveWordsAndConfidence) {
  EXPECT_EQ(
      ResultJson(Result("a", false)),
      R"({"final":false,"start":1.24,"end":3.5,"text":"a","stability":0.0,"settled_words":0})");
  EXPECT_EQ(ResultJson(Result("a", true)),
            R"({"final":true,"start":1.24,"end":3.5,"text":"a","confidence":0.0,"words":[]})");
  v1::Result result = Result("a", true);
  result.add_alternatives()->set_text("b");
  EXPECT_THAT(ResultJson(result), HasSubstr(R"("alternatives":["b"])"));
}

}  // namespace
}  // namespace rill::client
