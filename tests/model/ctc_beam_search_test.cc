// The beam against an exhaustive search.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <utility>

#include "tests/model/ctc_beam_fixture.h"
#include "tests/model/exhaustive_ctc.h"

namespace rill {
namespace {

class CtcBeamSearchTest : public CtcBeamDecoderTest {
 protected:
  // The decoder's texts must be those of the exhaustive search, with the same scores.
  void ExpectExhaustive(const Frames& frames, const BeamOptions& options,
                        const std::vector<HotWord>& hot_words) {
    std::vector<std::pair<double, std::string>> expected;
    double empty = -INFINITY;
    for (const auto& [text, probability] :
         TextProbabilities(frames, tokens_, options.blank_penalty)) {
      const double score =
          std::log(probability) + TextScore(text, model_ ? &naive_ : nullptr, options, hot_words);
      if (text.empty()) empty = score;
      if (std::isfinite(score) && !text.empty()) expected.emplace_back(score, text);
    }
    std::sort(expected.rbegin(), expected.rend());
    // Silence is told of only if it is the best.
    if (expected.empty() || empty > expected[0].first)
      expected.insert(expected.begin(), {empty, ""});
    Start(options, hot_words, /*texts=*/1000);
    Accept(frames);
    const std::vector<Hypothesis> taken = decoder_->TakeNBest(1000);
    ASSERT_EQ(taken.size(), expected.size());
    for (size_t i = 0; i < taken.size(); ++i) {
      ASSERT_EQ(taken[i].text, expected[i].second) << "place " << i;
      ASSERT_NEAR(taken[i].score, expected[i].first, 1e-3) << taken[i].text;
    }
  }
};

TEST_F(CtcBeamSearchTest, WithoutALanguageModelTextsAreThoseOfAnExhaustiveSearch) {
  for (int round = 0; round < 200; ++round) {
    ExpectExhaustive(RandomFrames(1 + round % 5, Uniform(0.2, 3)), RandomWide(), {});
    if (HasFatalFailure()) FAIL() << "round " << round;
  }
}

TEST_F(CtcBeamSearchTest, WithALanguageModelTextsAreThoseOfAnExhaustiveSearch) {
  for (int round = 0; round < 200; ++round) {
    if (round % 10 == 0) UseModel({"a", "ab", "bab", "bb"}, 1 + round / 10 % 4, round);
    ExpectExhaustive(RandomFrames(1 + round % 5, Uniform(0.2, 3)), RandomWide(), {});
    if (HasFatalFailure()) FAIL() << "round " << round;
  }
}

TEST_F(CtcBeamSearchTest, WithHotWordsTextsAreThoseOfAnExhaustiveSearch) {
  const std::vector<std::string> phrases = {"a",   "b",  "a b", "b a", "ab",    "ba",
                                            "b b", "aa", "bab", "abb", "a b b", "b a b"};
  for (int round = 0; round < 300; ++round) {
    model_ = nullptr;
    if (round % 2) UseModel({"a", "ab", "bb"}, 3, round);
    std::vector<HotWord> hot_words;
    for (const std::string& phrase : phrases) {
      if (random_() % 3 == 0) hot_words.push_back({phrase, Uniform(-4, 6)});
    }
    ExpectExhaustive(RandomFrames(1 + round % 5, Uniform(0.2, 3)), RandomWide(), hot_words);
    if (HasFatalFailure()) FAIL() << "round " << round;
  }
}

TEST_F(CtcBeamSearchTest, ANarrowBeamFindsTheBestOfLongerAudioMostly) {
  UseModel({"a", "ab", "bab", "bb"}, 3, 1);
  int same = 0;
  constexpr int kRounds = 30;
  for (int round = 0; round < kRounds; ++round) {
    const Frames frames = RandomFrames(8, 2.5);
    BeamOptions options;
    options.lexicon = true;
    double best = -INFINITY;
    std::string text;
    for (const auto& [candidate, probability] : TextProbabilities(frames, tokens_, 0)) {
      const double score = std::log(probability) + TextScore(candidate, &naive_, options, {});
      if (score > best) {
        best = score;
        text = candidate;
      }
    }
    Start(options);
    Accept(frames);
    const Hypothesis taken = decoder_->Take();
    EXPECT_LE(taken.score, best + 1e-3);
    same += taken.text == text;
  }
  EXPECT_GE(same, kRounds - 3);
}

// Where every text can be said in one way only, so that none gains on another later, the best of
// all texts are found in a beam that has room for as many texts of each future.
TEST_F(CtcBeamSearchTest, RecombinationKeepsTheBestOfEachFuture) {
  constexpr float kNot = -50;  // a token that is not said
  const std::vector<std::string> phrases = {"a b a", "b b", "ab a", "bb aa bb"};
  int missed_without = 0;
  for (int round = 0; round < 60; ++round) {
    UseModel({"a", "b", "ab", "bb"}, 2 + round % 2, round);
    BeamOptions options;
    options.beam = 64;
    options.beam_threshold = 1000;
    options.lm_weight = Uniform(0.5, 2);
    options.word_bonus = Uniform(-1, 1);
    options.letter_bonus = 0.5;
    options.unknown_word_penalty = Uniform(0, 3);
    options.unknown_letter_penalty = Uniform(0, 1);
    options.lexicon = round % 5 == 4;
    std::vector<HotWord> hot_words;
    for (const std::string& phrase : phrases) {
      if (round % 3 && random_() % 2) hot_words.push_back({phrase, Uniform(-3, 6)});
    }
    // Words of one letter or two, each a or b: 4,096 texts.
    const std::vector<float> blank = {0, kNot, kNot, kNot}, space = {kNot, 0, kNot, kNot};
    Frames frames;
    std::map<std::string, double> texts = {{"", 0}};
    for (int letters = 0; letters < 12;) {
      const size_t length = 1 + random_() % 2;
      for (size_t i = 0; i < length; ++i, ++letters) {
        const float a = Uniform(0.2, 0.8);
        const std::vector<float> frame = {kNot, kNot, std::log(a), std::log(1 - a)};
        frames.push_back(frame);
        frames.push_back(i + 1 < length ? blank : space);
        std::map<std::string, double> longer;
        for (const auto& [text, log_prob] : texts) {
          for (const size_t token : {2, 3}) {
            longer[text + tokens_[token] + (i + 1 < length ? "" : " ")] = log_prob + frame[token];
          }
        }
        texts = longer;
      }
    }
    std::vector<std::pair<double, std::string>> best;
    for (const auto& [text, log_prob] : texts) {
      const std::string words = text.substr(0, text.size() - 1);
      best.emplace_back(log_prob + TextScore(words, &naive_, options, hot_words), words);
    }
    std::sort(best.rbegin(), best.rend());
    for (const int wanted : {1, 3}) {
      Start(options, hot_words, wanted);
      Accept(frames);
      const std::vector<Hypothesis> taken = decoder_->TakeNBest(wanted);
      ASSERT_EQ(static_cast<int>(taken.size()), wanted) << "round " << round;
      for (int i = 0; i < wanted; ++i) {
        ASSERT_EQ(taken[i].text, best[i].second) << "round " << round << ", place " << i;
        ASSERT_NEAR(taken[i].score, best[i].first, 1e-3) << "round " << round << ", place " << i;
      }
    }
    Start(options, hot_words, /*texts=*/1000);
    Accept(frames);
    missed_without += decoder_->Take().text != best.front().second;
  }
  EXPECT_GT(missed_without, 0);  // so the others did make room
}

// What is left out is worse than something that goes on alike. It might still have gained on it, by
// ways to say it that have not ended yet: so the best text stays nearly always.
TEST_F(CtcBeamSearchTest, RecombinationHardlyEverChangesTheBest) {
  UseModel({"a", "ab", "bab", "bb"}, 2, 1);
  int other = 0;
  for (int round = 0; round < 60; ++round) {
    BeamOptions options = Wide();
    options.lexicon = round % 2;
    options.lm_weight = 0.5;
    options.word_bonus = 0.5;
    options.letter_bonus = 0;
    options.beam = 128;
    const Frames frames = RandomFrames(9, 1.5);
    Hypothesis taken[2];
    for (const bool recombined : {false, true}) {
      Start(options, {}, /*texts=*/recombined ? 1 : 1000);
      Accept(frames);
      taken[recombined] = decoder_->Take();
    }
    other += taken[0].text != taken[1].text;
    EXPECT_LE(taken[1].score, taken[0].score + 1e-3);
  }
  EXPECT_LE(other, 3);
}

}  // namespace
}  // namespace rill
