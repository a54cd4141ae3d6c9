#include "client/text/subtitles.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/text/utf8.h"

namespace rill::client {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

void Add(v1::Result* result, const std::string& text, int64_t start_ms, int64_t end_ms) {
  v1::Word* word = result->add_words();
  word->set_text(text);
  word->set_start_ms(start_ms);
  word->set_end_ms(end_ms);
  result->set_text(absl::StrCat(result->text(), result->text().empty() ? "" : " ", text));
  result->set_end_ms(end_ms);
}

std::string AllWords(const std::vector<Cue>& cues) {
  std::vector<std::string> lines;
  for (const Cue& cue : cues) lines.insert(lines.end(), cue.lines.begin(), cue.lines.end());
  return absl::StrJoin(lines, " ");
}

TEST(SubtitlesTest, ShortUtteranceIsOneCueOfOneLine) {
  v1::Result result;
  Add(&result, "hello", 500, 900);
  Add(&result, "world", 1000, 1700);
  const std::vector<Cue> cues = MakeCues({result});
  ASSERT_EQ(cues.size(), 1u);
  EXPECT_EQ(cues[0].start_ms, 500);
  EXPECT_EQ(cues[0].end_ms, 1700);
  EXPECT_THAT(cues[0].lines, ElementsAre("hello world"));
}

TEST(SubtitlesTest, PausesAndUtterancesBeginNewCues) {
  v1::Result first, second;
  Add(&first, "one", 0, 300);
  Add(&first, "two", 350, 1000);
  Add(&first, "three", 1700, 2800);  // after 700 ms
  Add(&second, "four", 2900, 4000);
  const std::vector<Cue> cues = MakeCues({first, second});
  ASSERT_EQ(cues.size(), 3u);
  EXPECT_THAT(cues[0].lines, ElementsAre("one two"));
  EXPECT_THAT(cues[1].lines, ElementsAre("three"));
  EXPECT_THAT(cues[2].lines, ElementsAre("four"));
}

TEST(SubtitlesTest, LongSpeechIsCutAtItsLongestPauseNearTheMiddle) {
  v1::Result result;
  int64_t time = 0;
  for (int i = 0; i < 16; ++i) {
    if (i == 9) time += 300;
    Add(&result, absl::StrCat("word", i + 10), time, time + 250);
    time += 300;
  }
  const std::vector<Cue> cues = MakeCues({result});
  ASSERT_EQ(cues.size(), 2u);
  EXPECT_THAT(cues[1].lines.front(), HasSubstr("word19"));
}

TEST(SubtitlesTest, TwoLinesAreEven) {
  v1::Result result;
  const std::string words[] = {"the",  "quick", "brown", "fox", "jumped",
                               "over", "the",   "lazy",  "dog", "twice"};
  int64_t time = 0;
  for (const std::string& word : words) {
    Add(&result, word, time, time + 200);
    time += 220;
  }
  const std::vector<Cue> cues = MakeCues({result});
  ASSERT_EQ(cues.size(), 1u);
  EXPECT_THAT(cues[0].lines, ElementsAre("the quick brown fox jumped", "over the lazy dog twice"));
}

TEST(SubtitlesTest, ShortCueStaysIfThereIsRoom) {
  v1::Result result;
  Add(&result, "yes", 0, 200);
  Add(&result, "no", 900, 1000);
  const std::vector<Cue> cues = MakeCues({result});
  ASSERT_EQ(cues.size(), 2u);
  EXPECT_EQ(cues[0].end_ms, 900) << "no longer than the next one allows";
  EXPECT_EQ(cues[1].end_ms, 1900);
}

TEST(SubtitlesTest, WithoutWordTimesTheUtterancesTimeIsSharedOut) {
  v1::Result result;
  result.set_start_ms(1000);
  result.set_end_ms(9000);
  result.set_text("aaaa bbbb cccc dddd");
  const std::vector<Cue> cues = MakeCues({result});
  ASSERT_EQ(cues.size(), 2u) << "eight seconds are too long for one cue";
  EXPECT_EQ(cues[0].start_ms, 1000);
  EXPECT_EQ(cues[1].start_ms, 5000);
  EXPECT_EQ(cues[1].end_ms, 9000);
}

TEST(SubtitlesTest, NothingSaidIsNoCue) {
  EXPECT_TRUE(MakeCues({}).empty());
  EXPECT_TRUE(MakeCues({v1::Result()}).empty());
  EXPECT_EQ(FormatSrt({}), "");
  EXPECT_EQ(FormatVtt({}), "WEBVTT\n\n");
}

TEST(SubtitlesTest, WritesSubRip) {
  EXPECT_EQ(FormatSrt({{0, 1500, {"a", "b"}}, {3723004, 3724000, {"<c>"}}}),
            "1\n00:00:00,000 --> 00:00:01,500\na\nb\n\n"
            "2\n01:02:03,004 --> 01:02:04,000\n<c>\n\n");
}

TEST(SubtitlesTest, WritesWebVtt) {
  EXPECT_EQ(FormatVtt({{0, 1500, {"a <b> & c"}}}),
            "WEBVTT\n\n00:00:00.000 --> 00:00:01.500\na &lt;b&gt; &amp; c\n\n");
}

// Whatever is said and however fast: nothing is lost, nothing is too long, nothing overlaps.
TEST(SubtitlesTest, RulesHoldForRandomSpeech) {
  std::mt19937 random(1);
  auto draw = [&](int from, int to) { return std::uniform_int_distribution(from, to)(random); };
  const CueRules rules;
  for (int round = 0; round < 300; ++round) {
    std::vector<v1::Result> results;
    std::string spoken;
    int64_t time = draw(0, 2000);
    for (int utterance = draw(1, 4); utterance > 0; --utterance) {
      v1::Result result;
      for (int count = draw(0, 60); count > 0; --count) {
        const std::string word(draw(1, draw(0, 30) == 0 ? 100 : 12), 'a' + draw(0, 25));
        const int64_t length = draw(0, draw(0, 40) == 0 ? 9000 : 600);
        Add(&result, word, time, time + length);
        absl::StrAppend(&spoken, word);
        time += length + draw(0, draw(0, 8) == 0 ? 1500 : 100);
      }
      results.push_back(result);
    }
    const std::vector<Cue> cues = MakeCues(results, rules);
    std::string shown = AllWords(cues);
    std::erase(shown, ' ');
    ASSERT_EQ(shown, spoken);
    for (size_t i = 0; i < cues.size(); ++i) {
      ASSERT_GE(cues[i].lines.size(), 1u);
      ASSERT_LE(cues[i].lines.size(), 2u);
      for (const std::string& line : cues[i].lines) ASSERT_LE(Columns(line), rules.columns) << line;
      ASSERT_LE(cues[i].start_ms, cues[i].end_ms);
      ASSERT_LE(cues[i].end_ms - cues[i].start_ms, rules.max_ms);
      ASSERT_GE(cues[i].start_ms, i == 0 ? 0 : cues[i - 1].end_ms);
    }
  }
}

}  // namespace
}  // namespace rill::client
