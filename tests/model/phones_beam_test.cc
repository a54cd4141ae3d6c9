// The beam by phones: words that sound alike, their spellings and times, hot words.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "tests/model/phones_fixture.h"

namespace rill {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class PhonesBeamTest : public PhonesFixture {
 protected:
  void SetUp() override { UsePhones(); }

  std::string Current() const { return decoder_->Current().text; }

  static std::vector<std::string> Texts(const std::vector<Hypothesis>& hypotheses) {
    std::vector<std::string> texts;
    for (const Hypothesis& hypothesis : hypotheses) texts.push_back(hypothesis.text);
    return texts;
  }

  // The text of these frames with such hot words.
  std::string Heard(const std::string& said, const std::vector<HotWord>& hot_words) {
    Start(Phones(), hot_words);
    Accept(Said(said));
    return decoder_->Take().text;
  }
};

TEST_F(PhonesBeamTest, WhatComesBeforeOrAfterAWordTellsWhichItIs) {
  Start(Phones());
  Accept(Said("_ T UW | S IY _"));
  EXPECT_EQ(Current(), "to see");
  const int64_t changes = decoder_->changes();
  Accept(Said("T"));
  EXPECT_EQ(Current(), "two seat");  // what was closed is another word
  EXPECT_GT(decoder_->changes(), changes);
  Accept(Said("S | AH | S IY"));
  EXPECT_EQ(Current(), "two seats a sea");
  EXPECT_EQ(decoder_->Take().text, "two seats a sea");
}

TEST_F(PhonesBeamTest, WordsHaveSpellingsTheTimesOfTheirPhonesAndAByteForEach) {
  Start(Phones());
  Accept(Said("_ _ T UW _ | S IY IY T _ S _ _"));
  const Hypothesis taken = decoder_->Take();
  ASSERT_EQ(taken.text, "two seats");
  EXPECT_EQ(taken.words[0].start, 2 * kFrame);
  EXPECT_EQ(taken.words[0].end, 4 * kFrame);
  EXPECT_EQ(taken.words[1].start, 6 * kFrame);
  EXPECT_EQ(taken.words[1].end, 12 * kFrame);
  const std::string two = {static_cast<char>(Token("T")), static_cast<char>(Token("UW"))};
  EXPECT_EQ(taken.words[0].evidence.letters, two);
  EXPECT_EQ(taken.words[1].evidence.letters.size(), 4u);
  EXPECT_NEAR(taken.words[1].evidence.least_log_prob, std::log(0.95), 1e-5);
}

// Not the phones, not a space: another word of the same phones.
TEST_F(PhonesBeamTest, AnotherWordOfTheSamePhonesIsAChange) {
  Start(Phones());
  Accept(Said("T UW"));
  EXPECT_EQ(Current(), "to");
  const int64_t changes = decoder_->changes();
  Accept(Said("UW _ _"));
  EXPECT_EQ(decoder_->changes(), changes);
  SetHotWords({{"two", 9}});
  EXPECT_EQ(Current(), "two");
  EXPECT_EQ(decoder_->changes(), changes + 1);
  SetHotWords({});
  EXPECT_EQ(Current(), "to");
  EXPECT_EQ(decoder_->changes(), changes + 2);
}

TEST_F(PhonesBeamTest, AnUtteranceThatIsCutKeepsTheHistoryAndTheOpenWord) {
  Start(Phones(), {}, 4);
  Accept(Said("_ T UW | AH | S IY"));
  const std::vector<std::string> taken = Texts(decoder_->TakeClosedNBest(4));
  ASSERT_GE(taken.size(), 2u);
  EXPECT_EQ(taken[0], "to a");
  EXPECT_EQ(std::set<std::string>(taken.begin(), taken.end()).size(), taken.size());
  EXPECT_THAT(taken, testing::Contains("too a"));
  EXPECT_EQ(Current(), "sea");
  Accept(Said("_"));
  EXPECT_EQ(decoder_->Take().text, "sea");
  // The only word is taken though it is open; what comes knows which it was.
  Accept(Said("AH"));
  EXPECT_EQ(decoder_->TakeClosed().text, "a");
  Accept(Said("_ | S IY"));
  EXPECT_EQ(decoder_->Take().text, "sea");
}

TEST_F(PhonesBeamTest, TheHistoryOfACutIsOfTheWordThatWasTaken) {
  Start(Phones(), {{"two", 9}});
  Accept(Said("T UW"));
  EXPECT_EQ(decoder_->TakeClosed().text, "two");
  SetHotWords({{"to seats", 1}});
  Accept(Said("_ | S IY T S"));
  const Hypothesis taken = decoder_->Take();
  EXPECT_EQ(taken.text, "seats");
  const BeamOptions options;
  EXPECT_NEAR(taken.score, options.lm_weight * std::log(10) * (-0.1 - 0.3 - 1) + 6 * std::log(0.95),
              0.1);
}

// Of any frames: no text is without its spelling, and the words are those of the lexicon.
TEST_F(PhonesBeamTest, EveryWordHasItsSpellingAtAnyTime) {
  std::set<std::string> allowed = {"katha", "tue", "tu", "hmm"};
  for (const auto& [word, phones] : said_) allowed.insert(word);
  const std::vector<std::vector<HotWord>> choices = {
      {},
      {{"katha", 9}, {"two", 4}},
      {{"tue", 6}, {"tu", 6}, {"tu to", 5}},
      {{"see", -5}, {"katha seats", 15}, {"a katha", -4}}};
  for (int round = 0; round < 40; ++round) {
    BeamOptions options = Phones();
    options.beam = 1 + static_cast<int>(random_() % 30);
    options.lm_weight = Uniform(0, 1.5);
    options.word_bonus = Uniform(-2, 4);
    options.letter_bonus = Uniform(-1, 3);
    Start(options, choices[round % 4], 4);
    int64_t changes = 0;
    std::string text;
    for (int i = 0; i < 80; ++i) {
      std::vector<Hypothesis> told;
      const uint32_t what = random_() % 30;
      if (what == 0) told = decoder_->TakeNBest(4);
      if (what == 1) told = decoder_->TakeClosedNBest(4);
      if (what == 2) SetHotWords(choices[random_() % 4]);
      const bool took = what < 2;
      if (took) changes = decoder_->changes();
      if (took) text = Current();
      Accept(RandomFrames(1, Uniform(0.5, 4)));
      told.push_back(decoder_->Current());
      for (const Hypothesis& hypothesis : told) {
        int64_t end = 0;
        for (const Word& word : hypothesis.words) {
          ASSERT_EQ(allowed.count(word.text), 1u) << "\"" << hypothesis.text << "\"";
          ASSERT_GE(word.start, end) << hypothesis.text;
          ASSERT_GE(word.end, word.start);
          ASSERT_FALSE(word.evidence.letters.empty());
          end = word.end;
        }
      }
      if (decoder_->changes() == changes) {
        ASSERT_EQ(Current(), text);
      }
      changes = decoder_->changes();
      text = Current();
    }
  }
}

TEST_F(PhonesBeamTest, AHotWordWinsAgainstThoseThatSoundLikeIt) {
  EXPECT_EQ(Heard("T UW _", {}), "to");
  EXPECT_EQ(Heard("T UW _", {{"two", 6}}), "two");
  EXPECT_EQ(Heard("T UW | _", {{"Two", 6}}), "two");
  EXPECT_EQ(Heard("T UW _", {{"to", -8}}), "too");
  EXPECT_EQ(Heard("T UW _", {{"two", 6}, {"too", 7}}), "too");
  EXPECT_EQ(Heard("T UW | S IY _", {{"too sea", 9}}), "too sea");
  EXPECT_EQ(Heard("T UW | AH _", {{"too sea", 9}}), "to a");
}

// The others are as they were without it.
TEST_F(PhonesBeamTest, ThoseThatSoundLikeAHotWordGetNoBoost) {
  for (const std::string end : {"_", "| _"}) {
    std::map<std::string, double> scores[2];
    for (const bool hot : {false, true}) {
      Start(Phones(Wide()), hot ? std::vector<HotWord>{{"two", 6}} : std::vector<HotWord>{}, 9);
      Accept(Said("T UW " + end));
      for (const Hypothesis& hypothesis : decoder_->TakeNBest(9)) {
        scores[hot][hypothesis.text] = hypothesis.score;
      }
    }
    ASSERT_EQ(scores[0].count("two") + scores[0].count("too") + scores[0].count("to"), 3u);
    EXPECT_NEAR(scores[1]["to"], scores[0]["to"], 1e-3);
    EXPECT_NEAR(scores[1]["too"], scores[0]["too"], 1e-3);
    EXPECT_NEAR(scores[1]["two"], scores[0]["two"] + 6, 1e-3);
  }
}

TEST_F(PhonesBeamTest, HotWordsThatTheLexiconHasNotAreHeardAndSpelled) {
  const std::string katha = "K AE DH AH ";
  EXPECT_EQ(Heard(katha + "_", {}), "a");
  EXPECT_EQ(Heard(katha + "_", {{"Katha", 5}}), "katha");
  EXPECT_EQ(Heard("T UW | " + katha + "| S IY T S", {{"katha", 5}}), "to katha seats");
  EXPECT_EQ(Heard(katha + "| S IY _", {{"katha", 5}, {"katha sea", 9}}), "katha sea");
  EXPECT_EQ(Heard(katha + "_", {{"katha", -5}}), "a");
  // Both are said alike; each is a word of its own.
  EXPECT_EQ(Heard("T UW _", {{"tue", 18}, {"tu", 15}}), "tue");
  EXPECT_EQ(Heard("T UW _", {{"tue", 15}, {"tu", 18}}), "tu");
  EXPECT_EQ(Heard("T UW | T UW _", {{"tue tu", 20}, {"tu", 11}}), "tue tu");
}

// The language model knows how likely it is, but not how it is said.
TEST_F(PhonesBeamTest, AHotWordOfTheModelThatTheDictionaryHasNotIsHeard) {
  tokens_.push_back("HH");
  tokens_.push_back("M");
  const std::string more = std::string(kDictionary) + "ham HH AE1 M\n";
  UsePhones(kArpa, more);
  Start(Phones(), {{"hmm", 3}});
  Accept(Said("HH M _"));
  const Hypothesis taken = decoder_->Take();
  EXPECT_EQ(taken.text, "hmm");
  const BeamOptions options;
  EXPECT_NEAR(taken.score,
              3 + options.lm_weight * std::log(10) * (-0.3 - 2 - 0.3 - 1) + 3 * std::log(0.95),
              0.2);
}

TEST_F(PhonesBeamTest, WordsThatHotWordsHadKeepTheirSpelling) {
  const std::string katha = "K AE DH AH ";
  for (const bool narrow : {false, true}) {
    BeamOptions options = Phones();
    options.beam = narrow ? 4 : 64;
    Start(options, {{"katha", 9}, {"two", 4}});
    Accept(Said(katha + "| T UW | S IY"));
    EXPECT_EQ(Current(), "katha two see");
    SetHotWords({{"tue", 9}});
    EXPECT_EQ(Current(), "katha two see");
    Accept(Said("| T UW _"));
    SetHotWords({});
    EXPECT_EQ(Current(), "katha two see to");
    Accept(Said("_ _ _ _ _ _ _ _ _"));
    EXPECT_EQ(decoder_->Take().text, "katha two see to");
  }
}

TEST_F(PhonesBeamTest, AWordBegunThatWasAHotOneOnlyIsLeftOut) {
  Start(Phones(), {{"katha", 9}});
  Accept(Said("T UW | K AE"));
  EXPECT_EQ(Current(), "to katha");
  const int64_t changes = decoder_->changes();
  SetHotWords({{"tue", 2}});
  EXPECT_EQ(Current(), "to");
  EXPECT_GT(decoder_->changes(), changes);
  Accept(Said("DH _ | S IY _"));
  EXPECT_EQ(decoder_->Take().text, "to see");
}

TEST_F(PhonesBeamTest, AsManyHotWordsMaySoundAlike) {
  std::vector<HotWord> hot_words;
  for (int i = 0; i < kMaxHomophones; ++i) {
    hot_words.push_back({"kat" + std::string(i, '\''), 1});  // said without the apostrophes
  }
  EXPECT_TRUE(HotWords::Create(hot_words, tokens_, &model_->lexicon()).ok());
  hot_words.push_back({"kat" + std::string(kMaxHomophones, '\''), 1});
  const auto made = HotWords::Create(hot_words, tokens_, &model_->lexicon());
  EXPECT_THAT(made.status().ToString(), HasSubstr("hot_words[16]"));
  EXPECT_THAT(made.status().ToString(), HasSubstr("more than 16 hot words sound like it"));
}

TEST_F(PhonesBeamTest, HotWordsOfWhichNothingIsKnownNameThePhrase) {
  const auto error = [this](const std::string& phrase) {
    const auto made = HotWords::Create({{"two", 1}, {phrase, 1}}, tokens_, &model_->lexicon());
    EXPECT_EQ(made.status().code(), absl::StatusCode::kInvalidArgument) << phrase;
    return made.status().ToString();
  };
  EXPECT_THAT(error("\xc3\xa9"),
              HasSubstr("hot_words[1]: \"\xc3\xa9\": it is not known how \"\xc3\xa9\" is said"));
  EXPECT_THAT(error("see 42"), HasSubstr("\"see 42\": it is not known how \"42\" is said"));
  EXPECT_THAT(error("a\xff"), HasSubstr("how \"a\\377\" is said"));
  EXPECT_THAT(error("'"), HasSubstr("it is not known how"));
  EXPECT_THAT(error("zoo"), HasSubstr("how \"zoo\" is said"));    // no word of the lexicon has a Z
  EXPECT_THAT(error("book"), HasSubstr("how \"book\" is said"));  // nor the model a B
  EXPECT_THAT(error("TWO"), HasSubstr("is there twice"));
  EXPECT_THAT(error(" "), HasSubstr("has no letters"));
  std::string long_phrase;
  for (int i = 0; i < 26; ++i) long_phrase += "katha ";
  EXPECT_THAT(error(long_phrase), HasSubstr("has more than 100 letters"));
}

}  // namespace
}  // namespace rill
