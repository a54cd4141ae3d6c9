#include "model/decoder/hot_words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "model/file/model_config.h"
#include "tests/model/exhaustive_ctc.h"

namespace rill {
namespace {

using ::testing::HasSubstr;

class HotWordsTest : public ::testing::Test {
 protected:
  absl::StatusOr<std::shared_ptr<const HotWords>> Make(const std::vector<HotWord>& hot_words) {
    return HotWords::Create(hot_words, tokens_, nullptr);
  }

  int Token(char letter) const {
    return static_cast<int>(std::find(tokens_.begin(), tokens_.end(), std::string(1, letter)) -
                            tokens_.begin());
  }

  // The gains of a text, and the advance at its end.
  std::pair<double, double> Walk(const HotWords& hot_words, const std::string& text) const {
    HotWords::State state = HotWords::kStart;
    double sum = 0;
    for (const char c : text) {
      float gain;
      state = hot_words.Next(state, Token(c), &gain);
      sum += gain;
    }
    return {sum, hot_words.advance(state)};
  }

  const std::vector<std::string> tokens_ = CharacterTokens();
};

TEST_F(HotWordsTest, BoostsComeInAdvanceAndAreTakenBack) {
  const auto made = Make({{"New  York", 8}, {"yard", 4}});
  ASSERT_TRUE(made.ok()) << made.status();
  const HotWords& hot_words = **made;
  using Pair = std::pair<double, double>;
  EXPECT_EQ(Walk(hot_words, ""), Pair(0, 0));
  EXPECT_EQ(Walk(hot_words, "n"), Pair(0, 1));
  EXPECT_EQ(Walk(hot_words, "new "), Pair(0, 4));
  EXPECT_EQ(Walk(hot_words, "new yor"), Pair(0, 7));
  EXPECT_EQ(Walk(hot_words, "new york"), Pair(0, 8));
  EXPECT_EQ(Walk(hot_words, "new york "), Pair(8, 0));
  EXPECT_EQ(Walk(hot_words, "new yorks"), Pair(0, 0));
  EXPECT_EQ(Walk(hot_words, "new yard"), Pair(0, 4));  // from one phrase into the other
  EXPECT_EQ(Walk(hot_words, "new yard "), Pair(4, 0));
  EXPECT_EQ(Walk(hot_words, "anew york "), Pair(0, 0));
  EXPECT_EQ(Walk(hot_words, "backyard "), Pair(0, 0));  // whole words only
}

TEST_F(HotWordsTest, APhraseDoesNotWeakenTheOneInIt) {
  const auto made = Make({{"york", 8}, {"new york city", 1}});
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_EQ(Walk(**made, "new yo").second, 4);
  EXPECT_EQ(Walk(**made, "new york").second, 8);
  EXPECT_LT(Walk(**made, "new york c").second, 1);
}

TEST_F(HotWordsTest, GainsAreThoseOfACount) {
  std::mt19937 random(1);
  const auto text_of = [&random](int words) {
    std::string text;
    for (int i = 0; i < words; ++i) {
      if (i > 0) text += ' ';
      for (size_t k = 1 + random() % 2; k > 0; --k) text += static_cast<char>('a' + random() % 2);
    }
    return text;
  };
  for (int round = 0; round < 300; ++round) {
    std::map<std::string, HotWord> phrases;
    for (int i = 0; i < 6; ++i) {
      const std::string phrase = text_of(1 + static_cast<int>(random() % 3));
      phrases[phrase] = {phrase, static_cast<float>(random() % 200) / 10.0f - 8};
    }
    std::vector<HotWord> hot_words;
    for (const auto& [phrase, hot_word] : phrases) hot_words.push_back(hot_word);
    const auto made = Make(hot_words);
    ASSERT_TRUE(made.ok()) << made.status();
    const std::string text = text_of(12);
    const auto [gain, advance] = Walk(**made, text + " ");
    EXPECT_NEAR(gain, TextScore(text, nullptr, BeamOptions{.word_bonus = 0}, hot_words), 1e-4);
    EXPECT_GE(advance, 0);
  }
}

TEST_F(HotWordsTest, ErrorsNameThePhrase) {
  const std::vector<std::pair<HotWord, std::string>> cases = {
      {{"", 1}, "hot_words[1]: \"\": has no letters"},
      {{" \t", 1}, "has no letters"},
      {{"r2d2", 1}, "hot_words[1]: \"r2d2\": the model has no letter \"2\""},
      {{"\xc3\x96l", 1}, "the model has no letter \"\xc3\x96\""},
      {{"a\xffz", 1}, "\"a\\377z\": the model has no letter \"\\377\""},
      {{std::string(101, 'a'), 1}, "has more than 100 letters"},
      {{"amber", 20.5}, "\"amber\": boost 20.5 is not between -20 and 20"},
      {{"amber", NAN}, "boost nan is not between"},
      {{"GO", 1}, "is there twice"},
  };
  for (const auto& [hot_word, problem] : cases) {
    const absl::Status status = Make({{"go", 2}, hot_word}).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(status.ToString(), HasSubstr(problem));
  }
  std::vector<HotWord> many;
  for (int i = 0; i < 1001; ++i) {
    std::string phrase;
    for (int k = i + 1; k > 0; k /= 26) phrase += static_cast<char>('a' + k % 26);
    many.push_back({phrase, 1});
  }
  EXPECT_THAT(Make(many).status().ToString(), HasSubstr("at most 1000 phrases"));
  many.pop_back();
  EXPECT_TRUE(Make(many).ok());
  EXPECT_TRUE(Make({{std::string(100, 'a'), 20}}).ok());
}

TEST_F(HotWordsTest, NoneIsNull) {
  const auto made = Make({});
  ASSERT_TRUE(made.ok());
  EXPECT_EQ(*made, nullptr);
}

}  // namespace
}  // namespace rill
