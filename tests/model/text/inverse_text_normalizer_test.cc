#include "model/text/inverse_text_normalizer.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace rill {
namespace {

Hypothesis Spoken(const std::string& text) {
  Hypothesis hypothesis;
  hypothesis.text = text;
  int64_t time = 0;
  for (const auto word : absl::StrSplit(text, ' ', absl::SkipEmpty())) {
    hypothesis.words.push_back({std::string(word), time, time + 80, 0.5f + 0.001f * time / 100});
    time += 100;
  }
  return hypothesis;
}

struct Case {
  const char* spoken;
  const char* written;
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.spoken; }

class ItnTest : public testing::TestWithParam<Case> {};

TEST_P(ItnTest, Writes) {
  EXPECT_EQ(InverseTextNormalize(Spoken(GetParam().spoken)).text, GetParam().written);
}

INSTANTIATE_TEST_SUITE_P(Cardinals, ItnTest,
                         testing::ValuesIn(std::vector<Case>{
                             {"two dogs and twelve cats", "two dogs and twelve cats"},
                             {"thirteen cats", "13 cats"},
                             {"twenty five", "25"},
                             {"a hundred and five", "105"},
                             {"about a hundred", "about a hundred"},
                             {"one hundred", "100"},
                             {"one thousand two hundred thirty four", "1234"},
                             {"twelve hundred", "1200"},
                             {"twelve thousand three hundred and forty five", "12,345"},
                             {"two million three thousand and six", "2,003,006"},
                             {"three million", "3 million"},
                             {"nine hundred ninety nine billion", "999 billion"},
                             {"a thousand and one", "1001"},
                             {"minus five", "-5"},
                             {"minus", "minus"},
                             {"a thousand thanks", "a thousand thanks"},
                             {"a cat", "a cat"},
                             {"seventy and eighty", "70 and 80"},
                             {"thirty thousand thousand", "30,000 thousand"},
                             {"hundred", "hundred"},
                             {"two hundred three hundred", "200 300"},
                             {"two hundred three thousand", "203,000"},
                             {"two hundred and three hundred", "200 and 300"},
                             {"two thousand and three thousand", "2000 and 3000"},
                             {"two thousand three thousand", "2000 3000"}}));

INSTANTIATE_TEST_SUITE_P(Ordinals, ItnTest,
                         testing::ValuesIn(std::vector<Case>{
                             {"the first", "the first"},
                             {"the twelfth", "the twelfth"},
                             {"the thirteenth", "the 13th"},
                             {"twenty first", "21st"},
                             {"the twenty second", "the 22nd"},
                             {"the twenty second floor", "the 22nd floor"},
                             {"twenty second of them", "22nd of them"},
                             {"twenty second december", "22nd december"},
                             {"the hundred and second", "the hundred and second"},
                             {"the one hundred and second", "the 102nd"},
                             {"set a thirty second timer", "set a 30 second timer"},
                             {"twenty second delay", "20 second delay"},
                             {"a two hundred second wait", "a 200 second wait"},
                             {"twenty second", "20 second"},
                             {"ninety third", "93rd"},
                             {"one hundred and eleventh", "111th"},
                             {"one hundredth", "100th"},
                             {"with the north", "with the north"}}));

INSTANTIATE_TEST_SUITE_P(Decimals, ItnTest,
                         testing::ValuesIn(std::vector<Case>{
                             {"three point one four", "3.14"},
                             {"zero point oh five", "0.05"},
                             {"three point fourteen", "3.14"},
                             {"minus two point five million", "-2.5 million"},
                             {"the point is", "the point is"},
                             {"two points", "two points"},
                             {"twelve percent", "12%"},
                             {"ninety nine point nine per cent", "99.9%"},
                             {"minus three percent", "-3%"}}));

INSTANTIATE_TEST_SUITE_P(Money, ItnTest,
                         testing::ValuesIn(std::vector<Case>{
                             {"five dollars", "$5"},
                             {"five dollars and twenty cents", "$5.20"},
                             {"one dollar five cents", "$1.05"},
                             {"five dollars and a coat", "$5 and a coat"},
                             {"three million euros", "€3 million"},
                             {"two point five million dollars", "$2.5 million"},
                             {"ten thousand yen", "¥10,000"},
                             {"twenty pounds", "20 pounds"},
                             {"twenty pounds and fifty pence", "£20.50"},
                             {"twenty pounds sterling", "£20"},
                             {"a dollar", "a dollar"},
                             {"fifty cents", "50 cents"}}));

INSTANTIATE_TEST_SUITE_P(Times, ItnTest,
                         testing::ValuesIn(std::vector<Case>{{"three thirty p m", "3:30 pm"},
                                                             {"three oh five a m", "3:05 am"},
                                                             {"nine am", "9 am"},
                                                             {"ten o'clock", "10:00"},
                                                             {"ten o'clock p m", "10:00 pm"},
                                                             {"half past three", "3:30"},
                                                             {"a quarter to one", "12:45"},
                                                             {"quarter past twelve", "12:15"},
                                                             {"ten past six", "6:10"},
                                                             {"ten to four", "ten to four"},
                                                             {"twenty minutes to nine", "8:40"},
                                                             {"half of it", "half of it"},
                                                             {"i am", "i am"},
                                                             {"thirteen o'clock", "13 o'clock"}}));

INSTANTIATE_TEST_SUITE_P(Dates, ItnTest,
                         testing::ValuesIn(std::vector<Case>{
                             {"january fifth nineteen ninety", "january 5, 1990"},
                             {"january the twenty first", "january 21"},
                             {"july four seventeen seventy six", "july 4, 1776"},
                             {"the fifth of november", "5 november"},
                             {"thirty first of december two thousand and four", "31 december 2004"},
                             {"march nineteen", "march 19"},
                             {"march nineteen eighteen", "march 1918"},
                             {"december nineteen eighteen", "december 1918"},
                             {"the may queen", "the may queen"},
                             {"may fifth", "may 5"},
                             {"may five people come", "may five people come"},
                             {"the twenty second of january", "22 january"},
                             {"january twenty second", "january 22"},
                             {"the thirty second of january", "the thirty second of january"},
                             {"forty fifth of may", "forty fifth of may"},
                             {"the second of them", "the second of them"}}));

INSTANTIATE_TEST_SUITE_P(Years, ItnTest,
                         testing::ValuesIn(std::vector<Case>{
                             {"nineteen eighty four", "1984"},
                             {"eighteen oh five", "1805"},
                             {"nineteen hundred", "1900"},
                             {"twenty twenty six", "2026"},
                             {"two thousand and four", "2004"},
                             {"fifteen sixteen seventeen", "15 16 17"}}));

INSTANTIATE_TEST_SUITE_P(Sequences, ItnTest,
                         testing::ValuesIn(std::vector<Case>{
                             {"five five five one two three four", "555-1234"},
                             {"eight hundred five five five", "800 555"},
                             {"two one two five five five oh one two three", "212-555-0123"},
                             {"one eight oh oh five five five oh one two three", "1-800-555-0123"},
                             {"plus four four two oh seven", "+44207"},
                             {"double oh seven", "007"},
                             {"triple nine", "999"},
                             {"double trouble", "double trouble"},
                             {"one two", "one two"},
                             {"oh my", "oh my"},
                             {"oh oh oh", "oh oh oh"},
                             {"double oh oh", "000"},
                             {"zero oh oh", "000"},
                             {"i i i want", "i i i want"},
                             {"a a a man", "a a a man"},
                             {"i i a", "i i a"},
                             {"a i b", "AIB"},
                             {"u s a", "USA"},
                             {"t v", "TV"},
                             {"i a", "i a"},
                             {"a b c", "ABC"}}));

TEST(InverseTextNormalizerTest, UnknownWordsAndUtf8Pass) {
  for (const std::string text :
       {"", "straße über naïve", "日本 語", "it's o'clock", "\xff\xfe x"}) {
    EXPECT_EQ(InverseTextNormalize(Spoken(text)).text, text);
  }
}

TEST(InverseTextNormalizerTest, AWrittenWordSpansItsSpokenOnes) {
  const Hypothesis written = InverseTextNormalize(Spoken("i paid twenty five dollars today"));
  ASSERT_EQ(written.words.size(), 4);
  EXPECT_EQ(written.words[2].text, "$25");
  EXPECT_EQ(written.words[2].start, 200);
  EXPECT_EQ(written.words[2].end, 480);
  EXPECT_FLOAT_EQ(written.words[2].confidence, 0.502f);
  EXPECT_EQ(written.words[3].start, 500);
}

// Any words in any order: no crash, every spoken word in exactly one written one, times in order.
TEST(InverseTextNormalizerTest, RandomWordsKeepTheirPlaces) {
  const std::vector<std::string> vocabulary = {
      "zero",     "one",       "five",    "twelve",  "nineteen", "twenty", "ninety", "hundred",
      "thousand", "million",   "and",     "a",       "point",    "minus",  "oh",     "double",
      "plus",     "percent",   "dollars", "cents",   "pounds",   "half",   "past",   "to",
      "p",        "m",         "o'clock", "january", "may",      "the",    "of",     "first",
      "second",   "twentieth", "th",      "cat"};
  std::mt19937 random(1);
  for (int round = 0; round < 20000; ++round) {
    std::vector<std::string> words(random() % 12);
    for (std::string& word : words) word = vocabulary[random() % vocabulary.size()];
    const Hypothesis spoken = Spoken(absl::StrJoin(words, " "));
    const Hypothesis written = InverseTextNormalize(spoken);
    ASSERT_EQ(written.words.empty(), words.empty()) << spoken.text;
    if (words.empty()) continue;
    ASSERT_EQ(written.words.front().start, 0) << spoken.text;
    ASSERT_EQ(written.words.back().end, spoken.words.back().end) << spoken.text;
    for (size_t i = 1; i < written.words.size(); ++i) {
      ASSERT_EQ(written.words[i].start, written.words[i - 1].end + 20) << spoken.text;
      ASSERT_FALSE(written.words[i].text.empty()) << spoken.text;
    }
  }
}

}  // namespace
}  // namespace rill
