// What the beam leaves untried because of a bound is worse than the bound, and texts of the same
// future have one.
#include "model/decoder/text_scorer.h"

#include <gtest/gtest.h>

#include <random>

#include "model/language_model/language_model_builder.h"
#include "tests/model/small_arpa.h"
#include "tests/temporary_folder.h"

namespace rill {
namespace {

class TextScorerTest : public ::testing::Test {
 protected:
  void UseModel(int order, uint32_t seed) {
    WriteText(folder_ / "lm.arpa",
              RandomArpa({"a", "ab", "abc", "b", "ba", "cab"}, order, seed, /*interpolated=*/true));
    ASSERT_TRUE(BuildLanguageModel(folder_ / "lm.arpa", folder_ / "lm.rlm", nullptr).ok());
    auto model = LanguageModel::Open(folder_ / "lm.rlm");
    ASSERT_TRUE(model.ok()) << model.status();
    model_ = *std::move(model);
  }

  BeamOptions RandomOptions() {
    std::uniform_real_distribution<float> uniform(0, 2);
    BeamOptions options;
    options.lm_weight = uniform(random_);
    options.word_bonus = uniform(random_) - 1;
    options.letter_bonus = uniform(random_) - 1;
    options.unknown_word_penalty = 5 * uniform(random_);
    options.unknown_letter_penalty = uniform(random_);
    options.lexicon = random_() % 2 == 0;
    return options;
  }

  // The text after some random tokens.
  TextState Walk(const TextScorer& scorer, int tokens) {
    TextState text = scorer.Begin(scorer.SentenceStart());
    for (int i = 0; i < tokens; ++i) {
      TextState next;
      const int token = Token(text);
      if (scorer.Extend(text, token, &next)) text = next;
    }
    return text;
  }

  int Token(const TextState& text) {
    return text.letters == 0 ? 2 + static_cast<int>(random_() % 3)
                             : 1 + static_cast<int>(random_() % 4);
  }

  const std::vector<std::string> tokens_ = {"<blank>", " ", "a", "b", "c"};
  const TemporaryFolder folder_;
  std::unique_ptr<LanguageModel> model_;
  std::mt19937 random_{3};
};

TEST_F(TextScorerTest, NoLetterRaisesAScoreAboveItsBound) {
  for (int round = 0; round < 60; ++round) {
    if (round % 10 != 0) UseModel(1 + round % 5, round);
    BeamOptions options = RandomOptions();
    if (round % 10 == 0) {
      model_ = nullptr;
      options.lexicon = false;
    }
    const TextScorer scorer(&tokens_, model_.get(), options);
    int extended = 0;
    for (int walk = 0; walk < 100; ++walk) {
      const TextState from = Walk(scorer, static_cast<int>(random_() % 12));
      TextState to;
      if (!scorer.Extend(from, Token(from), &to)) continue;
      ++extended;
      ASSERT_LE(to.score(), scorer.Bound(from) + 1e-3);
    }
    EXPECT_GT(extended, 10);
  }
}

TEST_F(TextScorerTest, TextsOfTheSameFutureCountTheSameFromThenOn) {
  int same = 0, other = 0;
  for (int round = 0; round < 20; ++round) {
    UseModel(2 + round % 2, round);
    BeamOptions options = RandomOptions();
    options.lexicon = true;
    const TextScorer scorer(&tokens_, model_.get(), options);
    for (int walk = 0; walk < 300; ++walk) {
      TextState a = Walk(scorer, 8), b = Walk(scorer, 8);
      if (!TextScorer::SameFuture(a, b)) {
        ++other;
        continue;
      }
      ++same;
      const double apart = a.score() - b.score();
      for (int i = 0; i < 6; ++i) {
        const int token = Token(a);
        TextState next_a, next_b;
        const bool goes_on = scorer.Extend(a, token, &next_a);
        ASSERT_EQ(scorer.Extend(b, token, &next_b), goes_on);
        if (!goes_on) continue;
        a = next_a;
        b = next_b;
        ASSERT_NEAR(a.score() - b.score(), apart, 1e-4);
      }
    }
  }
  EXPECT_GT(same, 100);
  EXPECT_GT(other, 100);
}

}  // namespace
}  // namespace rill
