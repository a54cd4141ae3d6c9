// The n-gram of CTC-CRF: probabilities, histories that are states, what a text weighs.
#include "model/training/data/token_ngram.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace rill::training {
namespace {

using Texts = std::vector<std::vector<int32_t>>;

TokenNgram Build(const Texts& texts, int64_t vocab, int32_t before,
                 const TokenNgramOptions& options) {
  return TokenNgram::Build(texts, vocab, before, options).value();
}

TEST(TokenNgramTest, BigramsAreWittenAndBells) {
  // After 1 came 2 twice and 3 once; all in all three 1, two 2, one 3.
  const TokenNgram ngram =
      Build({{1, 2, 1, 2, 1, 3}}, 4, /*before=*/0, {.order = 2, .least_count = 1});
  const double uniform = 1.0 / 3;
  const double two = (2 + 3 * uniform) / (6 + 3);
  const double three = (1 + 3 * uniform) / (6 + 3);
  const int32_t after_one = ngram.next(ngram.start())[1];
  EXPECT_NEAR(ngram.weights(ngram.start())[2], two, 1e-6);
  EXPECT_NEAR(ngram.weights(after_one)[2], (2 + 2 * two) / (3 + 2), 1e-6);
  EXPECT_NEAR(ngram.weights(after_one)[3], (1 + 2 * three) / (3 + 2), 1e-6);
  // Nothing came after 3: as if nothing were known of what came before.
  const int32_t after_three = ngram.next(ngram.start())[3];
  EXPECT_NEAR(ngram.weights(after_three)[2], two, 1e-6);
}

TEST(TokenNgramTest, AStateIsTheLongestHistoryThatIsNotRare) {
  const Texts texts = {{1, 2, 3}, {1, 2, 3}, {2, 1, 3}};
  const TokenNgram ngram = Build(texts, 4, 0, {.order = 3, .least_count = 2});
  const auto after = [&](const std::vector<int32_t>& text) {
    int32_t state = ngram.start();
    for (int32_t token : text) state = ngram.next(state)[token];
    return state;
  };
  EXPECT_NE(after({1, 2}), after({3, 2}));  // 1 2 came twice before something
  EXPECT_EQ(after({2, 1}), after({3, 1}));  // 2 1 once
  EXPECT_GT(ngram.weights(after({1, 2}))[3], ngram.weights(after({3, 2}))[3]);
  for (int32_t token = 1; token < 4; ++token) EXPECT_EQ(ngram.last(after({3, 2, token})), token);
}

TEST(TokenNgramTest, ProbabilitiesOfAStateSumToOne) {
  std::mt19937 random(1);
  Texts texts(50);
  for (auto& text : texts) {
    for (int i = 0; i < 20; ++i) text.push_back(1 + static_cast<int32_t>(random() % 5));
  }
  const TokenNgram ngram = Build(texts, 6, 2, {.order = 4});
  EXPECT_EQ(ngram.last(ngram.start()), 2);
  for (int32_t state = 0; state < ngram.states(); ++state) {
    double sum = 0;
    for (int32_t token = 1; token < 6; ++token) {
      sum += ngram.weights(state)[token];
      ASSERT_GE(ngram.next(state)[token], 0);
      ASSERT_LT(ngram.next(state)[token], ngram.states());
      ASSERT_EQ(ngram.last(ngram.next(state)[token]), token);
    }
    EXPECT_NEAR(sum, 1, 1e-5);
  }
}

TEST(TokenNgramTest, ScaleAndBonusAreInTheWeights) {
  const Texts texts = {{1, 2, 1, 1, 3, 2}, {3, 3, 1}};
  const std::vector<int32_t> text = {3, 1, 2, 2};
  const double plain = Build(texts, 4, 1, {.order = 3}).LogWeight(text);
  const TokenNgram changed = Build(texts, 4, 1, {.order = 3, .scale = 0.5, .token_bonus = 1.25});
  EXPECT_NEAR(changed.LogWeight(text), 0.5 * plain + 4 * 1.25, 1e-5);
}

TEST(TokenNgramTest, NoWeightIsZero) {
  const TokenNgram ngram = Build({{1, 2, 1, 2, 1, 2}}, 4, 0, {.order = 3, .scale = 1000});
  EXPECT_TRUE(std::isfinite(ngram.LogWeight({3, 3, 1, 1})));
}

TEST(TokenNgramTest, WithoutTextsAllTokensAreAlike) {
  for (const int order : {1, 3}) {
    EXPECT_NEAR(Build({}, 5, 0, {.order = order}).LogWeight({1, 4, 4}), 3 * std::log(0.25), 1e-6);
    EXPECT_NEAR(Build({{}, {}}, 5, 2, {.order = order}).LogWeight({}), 0, 1e-6);
  }
}

TEST(TokenNgramTest, MoreThanMemoryHoldsIsRefused) {
  const auto ngram = TokenNgram::Build({}, 40'000, 0, {.order = 2});
  EXPECT_EQ(ngram.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(ngram.status().message().find("2-grams"), std::string::npos) << ngram.status();
}

}  // namespace
}  // namespace rill::training
