#include "model/text/inverse_text_normalizer.h"

#include <gtest/gtest.h>

#include <random>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
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
                             {"two point one point three", "2.1.3"},
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
                             {"a hundred dollars", "a hundred dollars"},
                             {"a hundred and ten dollars", "$110"},
                             {"three dollars fifty", "$3.50"},
                             {"two pound fifty for a pint", "£2.50 for a pint"},
                             {"three dollars fifty times", "$3 50 times"},
                             {"ten yen fifty", "¥10 50"},
                             {"five ten dollar bills", "five $10 bills"},
                             {"five twenty dollar bills", "five $20 bills"},
                             {"two fifty dollars", "two fifty dollars"},
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

INSTANTIATE_TEST_SUITE_P(
    TimesByContext, ItnTest,
    testing::ValuesIn(std::vector<Case>{
        {"at three thirty", "at 3:30"},
        {"at three thirty five we left", "at 3:35 we left"},
        {"until six fifteen", "until 6:15"},
        {"till six fifteen", "till 6:15"},
        {"by four twenty on monday", "by 4:20 on monday"},
        {"around ten thirty tonight", "around 10:30 tonight"},
        {"before seven twenty", "before 7:20"},
        {"after eight oh five", "after 8:05"},
        {"since six ten", "since 6:10"},
        {"at nine forty five in the morning", "at 9:45 in the morning"},
        {"nine forty five in the afternoon", "9:45 in the afternoon"},
        {"nine forty five in the evening", "9:45 in the evening"},
        {"nine forty five in the house", "nine forty five in the house"},
        {"nine forty five tonight", "9:45 tonight"},
        {"nine forty five at night", "9:45 at night"},
        {"nine forty five at home", "nine forty five at home"},
        {"nine forty five sharp", "9:45 sharp"},
        {"from nine thirty to ten fifteen", "from nine thirty to ten fifteen"},
        {"from nine thirty to ten fifteen p m", "from 9:30 to 10:15 pm"},
        {"nine thirty or half past ten", "9:30 or 10:30"},
        {"nine thirty a m to ten fifteen", "9:30 am to 10:15"},
        {"at two fifteen or three thirty please", "at 2:15 or 3:30 please"},
        {"at two fifteen or three thirty people", "at 2:15 or three thirty people"},
        {"at three", "at three"},
        {"at three in the morning", "at three in the morning"},
        {"at three sixty", "at three sixty"},
        {"at nine eleven", "at nine eleven"},
        {"at seven eleven", "at seven eleven"},
        {"at three thirty dollars", "at three thirty dollars"},
        {"at three thirty second intervals", "at three thirty second intervals"},
        {"around three forty people", "around three forty people"},
        {"at four twenty thousand", "at four twenty thousand"},
        {"by nine fifteen hundred came", "by nine fifteen hundred came"}}));

INSTANTIATE_TEST_SUITE_P(NumbersInARow, ItnTest,
                         testing::ValuesIn(std::vector<Case>{
                             {"three thirty", "three thirty"},
                             {"the three thirty train", "the three thirty train"},
                             {"chapter three thirty pages", "chapter three thirty pages"},
                             {"three thirty second clips", "three thirty second clips"},
                             {"two twenty five minute sessions", "two twenty five minute sessions"},
                             {"one twenty thousand", "one twenty thousand"},
                             {"one eight hundred flowers", "one eight hundred flowers"},
                             {"minus three thirty", "minus three thirty"},
                             {"two thirty three thirty", "two thirty three thirty"},
                             {"three fifteen fifteen", "three fifteen fifteen"},
                             {"zero thirteen", "zero thirteen"},
                             {"oh thirty people came", "oh 30 people came"},
                             {"ten eleven twelve thirteen", "ten eleven twelve thirteen"},
                             {"two twenty first century towns", "two 21st century towns"},
                             {"train three twenty past six", "train three 6:20"},
                             {"room three three thirty p m", "room three 3:30 pm"}}));

INSTANTIATE_TEST_SUITE_P(Ranges, ItnTest,
                         testing::ValuesIn(std::vector<Case>{
                             {"two or three hundred people", "two or three hundred people"},
                             {"between two and three hundred", "between two and three hundred"},
                             {"two and three hundred", "two and 300"},
                             {"twenty to thirty thousand", "twenty to thirty thousand"},
                             {"three to four hundred dollars", "three to four hundred dollars"},
                             {"five to ten percent", "five to ten percent"},
                             {"ten to fifteen dollars", "ten to fifteen dollars"},
                             {"ten to fifteen people", "ten to 15 people"},
                             {"twenty to thirty percent", "20 to 30%"},
                             {"one to one hundred", "one to 100"},
        {"two to twelve hundred thousand", "two to twelve hundred thousand"},
                             {"two to three hundred and five", "two to 305"}}));

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
                             {"fifteen sixteen seventeen", "15 16 17"},
                             {"nineteen twenty", "19 20"},
                             {"in nineteen twenty", "in 1920"},
                             {"since nineteen twenty", "since 1920"},

                             {"twenty twenty one was long", "2021 was long"},
                             {"the nineteen nineties", "the 1990s"},
                             {"the eighteen hundreds", "the 1800s"},
                             {"the nineties", "the nineties"},
                             {"thirteen ponies", "13 ponies"}}));

INSTANTIATE_TEST_SUITE_P(
    Sequences, ItnTest,
    testing::ValuesIn(std::vector<Case>{
        {"five five five one two three four", "555-1234"},
        {"eight hundred five five five", "800 555"},
        {"two one two five five five oh one two three", "212-555-0123"},
        {"one eight oh oh five five five oh one two three", "1-800-555-0123"},
        {"plus four four two oh seven", "+44207"},
        {"five five five twelve thirty four", "555-1234"},
        {"six five oh five five five twelve twelve", "650-555-1212"},
        {"seven eight nine ten eleven", "789 ten eleven"},
        {"five five five twelve thirty four six", "555 twelve thirty four six"},
        {"five five five twenty people", "555 20 people"},
        {"one eight hundred five five five one two three four", "1-800-555-1234"},
        {"eight hundred five five five one two three four", "800-555-1234"},
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

// Words that stay are words of their own, with their own times.
TEST(InverseTextNormalizerTest, WordsThatStayKeepTheirTimes) {
  const Hypothesis spoken = Spoken("room three thirty five");
  const Hypothesis written = InverseTextNormalize(spoken);
  ASSERT_EQ(written.words.size(), 4);
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(written.words[i].text, spoken.words[i].text);
    EXPECT_EQ(written.words[i].start, spoken.words[i].start);
    EXPECT_EQ(written.words[i].confidence, spoken.words[i].confidence);
  }
}

bool IsSmallNumberWord(const std::string& word) {
  static const auto& words =
      *new std::set<std::string>{"zero",  "one",   "two",  "three", "four",   "five",  "six",
                                 "seven", "eight", "nine", "ten",   "eleven", "twelve"};
  return words.count(word) > 0;
}

bool IsTwoDigits(const std::string& word) {
  return word.size() == 2 && absl::ascii_isdigit(word[0]) && absl::ascii_isdigit(word[1]);
}

// Never "three 30".
TEST(InverseTextNormalizerTest, NoNumbersInARowAreHalfWritten) {
  const std::vector<std::string> vocabulary = {
      "zero",   "one",       "three",   "nine",     "ten",      "twelve", "fifteen", "twenty",
      "thirty", "forty",     "hundred", "thousand", "and",      "a",      "point",   "minus",
      "oh",     "double",    "percent", "dollars",  "dollar",   "cents",  "pound",   "half",
      "past",   "to",        "or",      "p",        "m",        "at",     "in",      "june",
      "second", "twentieth", "of",      "the",      "twenties", "cat"};
  std::mt19937 random(2);
  for (int round = 0; round < 40000; ++round) {
    std::vector<std::string> words(2 + random() % 8);
    // Half of them among the first twelve, the numbers.
    for (std::string& word : words) {
      word = vocabulary[random() % (random() % 2 == 0 ? 12 : vocabulary.size())];
    }
    const Hypothesis written = InverseTextNormalize(Spoken(absl::StrJoin(words, " ")));
    for (size_t i = 1; i < written.words.size(); ++i) {
      ASSERT_FALSE(IsSmallNumberWord(written.words[i - 1].text) &&
                   IsTwoDigits(written.words[i].text))
          << absl::StrJoin(words, " ") << " -> " << written.text;
    }
  }
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
