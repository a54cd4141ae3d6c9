// The beam by phones against an exhaustive search: every way to say any phones, and every word that
// is said like them.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <utility>

#include "tests/model/phones_fixture.h"

namespace rill {
namespace {

class PhonesSearchTest : public PhonesFixture {
 protected:
  PhonesSearchTest() { tokens_ = {"<blank>", " ", "S", "T", "UW"}; }

  using Scored = std::vector<std::pair<double, std::string>>;

  // Every text, best first; with no words if that is the best only.
  Scored AllTexts(const Frames& frames, const BeamOptions& options,
                  const std::vector<HotWord>& hot_words) {
    std::map<std::string, std::vector<std::string>> spelled;  // by the phones of a word
    for (const auto& [word, phones] : said_) {
      bool heard = naive_.Knows(word);
      for (const HotWord& hot_word : hot_words) {
        for (const std::string& part : Words(hot_word.phrase)) {
          heard |= hot_word.boost > 0 && part == word;
        }
      }
      if (heard) spelled[absl::StrJoin(phones, "")].push_back(word);
    }
    Scored texts;
    double empty = -INFINITY;
    for (const auto& [phones, probability] :
         TextProbabilities(frames, tokens_, options.blank_penalty)) {
      std::vector<std::vector<std::string>> choices{{}};
      for (const std::string& word : Words(phones)) {
        std::vector<std::vector<std::string>> longer;
        for (const auto& words : choices) {
          for (const std::string& next : spelled[word]) {
            longer.push_back(words);
            longer.back().push_back(next);
          }
        }
        choices = longer;
      }
      for (const auto& words : choices) {
        const double score = std::log(probability) + PhonesScore(words, options, hot_words);
        if (words.empty()) empty = score;
        if (!words.empty()) texts.emplace_back(score, absl::StrJoin(words, " "));
      }
    }
    std::sort(texts.rbegin(), texts.rend());
    if (texts.empty() || empty > texts[0].first) texts.insert(texts.begin(), {empty, ""});
    return texts;
  }

  void ExpectExhaustive(const Frames& frames, const BeamOptions& options,
                        const std::vector<HotWord>& hot_words) {
    const Scored expected = AllTexts(frames, options, hot_words);
    Start(options, hot_words, /*texts=*/1000);
    Accept(frames);
    const std::vector<Hypothesis> taken = decoder_->TakeNBest(1000);
    ASSERT_EQ(taken.size(), expected.size());
    std::map<std::string, double> scores;
    for (const auto& [score, text] : expected) scores[text] = score;
    for (size_t i = 0; i < taken.size(); ++i) {
      // Not the text: some count the same.
      ASSERT_NEAR(taken[i].score, expected[i].first, 1e-3) << "place " << i;
      ASSERT_EQ(scores.count(taken[i].text), 1u) << taken[i].text << " is not there, or twice";
      ASSERT_NEAR(taken[i].score, scores[taken[i].text], 1e-3) << taken[i].text;
      scores.erase(taken[i].text);
    }
  }

  BeamOptions RandomPhones() {
    BeamOptions options = RandomWide();
    options.lexicon = true;
    return options;
  }

  void UseRandom(int order, uint32_t seed) {
    UsePhones(RandomArpa({"to", "two", "too", "sue", "stew", "toot", "us"}, order, seed),
              "to T UW\ntwo T UW\ntoo T UW\nsue S UW\nstew S T UW\ntoot T UW T\nus UW S\n");
    said_["sioux"] = said_["soo"] = {"S", "UW"};
    said_["tsu"] = {"T", "S", "UW"};
  }
};

TEST_F(PhonesSearchTest, TextsAreThoseOfAnExhaustiveSearch) {
  for (int round = 0; round < 120; ++round) {
    if (round % 5 == 0) UseRandom(1 + round / 5 % 4, round);
    ExpectExhaustive(RandomFrames(1 + round % 6, Uniform(0.2, 3)), RandomPhones(), {});
    if (HasFatalFailure()) FAIL() << "round " << round;
  }
}

TEST_F(PhonesSearchTest, WithHotWordsTextsAreThoseOfAnExhaustiveSearch) {
  const std::vector<std::string> phrases = {"to",  "two",    "two us", "us too",   "sue", "sioux",
                                            "soo", "soo us", "tsu",    "to sioux", "stew"};
  for (int round = 0; round < 150; ++round) {
    if (round % 5 == 0) UseRandom(1 + round / 5 % 4, round);
    std::vector<HotWord> hot_words;
    for (const std::string& phrase : phrases) {
      if (random_() % 3 == 0) hot_words.push_back({phrase, Uniform(-4, 6)});
    }
    ExpectExhaustive(RandomFrames(1 + round % 5, Uniform(0.2, 3)), RandomPhones(), hot_words);
    if (HasFatalFailure()) FAIL() << "round " << round;
  }
}

// Texts of one future make room for each other: as many are kept as are asked for.
TEST_F(PhonesSearchTest, TheBestThreeAreFoundIfThreeAreAskedFor) {
  int score = 0, all = 0;
  constexpr int kRounds = 60;
  for (int round = 0; round < kRounds; ++round) {
    if (round % 5 == 0) UseRandom(1 + round / 5 % 4, round);
    const BeamOptions options = RandomPhones();
    const Frames frames = RandomFrames(6, Uniform(1, 3));
    const Scored expected = AllTexts(frames, options, {});
    Start(options, {}, /*texts=*/3);
    Accept(frames);
    const std::vector<Hypothesis> taken = decoder_->TakeNBest(3);
    ASSERT_LE(taken.size(), expected.size());
    score += std::abs(taken[0].score - expected[0].first) < 1e-3;
    bool same = taken.size() == std::min<size_t>(3, expected.size());
    for (size_t i = 0; same && i < taken.size(); ++i) {
      same = std::abs(taken[i].score - expected[i].first) < 1e-3;
    }
    all += same;
  }
  EXPECT_GE(score, kRounds - 3);
  EXPECT_GE(all, kRounds - 6);
}

// The words and scores are the same however often one looks, and again after a take.
TEST_F(PhonesSearchTest, LookingChangesNothingAndEachUtteranceBeginsAnew) {
  UseRandom(3, 1);
  const Frames first = RandomFrames(40, 2), second = RandomFrames(40, 2);
  const std::vector<HotWord> hot_words = {{"two", 2}, {"soo", 5}};
  const auto take = [&](const Frames& frames, bool look) {
    for (const std::vector<float>& frame : frames) {
      Accept({frame});
      if (look) decoder_->Current();
    }
    const Hypothesis taken = decoder_->Take();
    EXPECT_FALSE(taken.text.empty());
    return std::pair(taken.text, taken.score);
  };
  Start(Phones(), hot_words);
  const auto a = take(first, false);
  Start(Phones(), hot_words);
  EXPECT_EQ(take(first, true), a);
  Accept(Said("_", 1 - 1e-6));
  decoder_->Take();
  const auto b = take(second, true);
  Start(Phones(), hot_words);
  EXPECT_EQ(take(second, false).first, b.first);
}

}  // namespace
}  // namespace rill
