#include "tests/eval/score.h"

#include <gtest/gtest.h>

#include <random>

namespace rill::eval {
namespace {

// `errors` of `words` are wrong.
Heard Clip(const std::string& speaker, int64_t words, int64_t errors) {
  Heard clip;
  clip.speaker = speaker;
  clip.words.reference = words;
  clip.words.substitutions = errors;
  return clip;
}

TEST(ScoreTest, TotalsAddUp) {
  const std::vector<Heard> clips = {Clip("a", 10, 1), Clip("b", 30, 3)};
  EXPECT_EQ(Total(clips).reference, 40);
  EXPECT_EQ(Total(clips).errors(), 4);
  EXPECT_DOUBLE_EQ(Total(clips).rate(), 10);
}

TEST(ScoreTest, WhatAllClipsShareIsCertain) {
  const std::vector<Heard> clips(30, Clip("a", 10, 2));
  EXPECT_DOUBLE_EQ(Bootstrap(clips).low, 20);
  EXPECT_DOUBLE_EQ(Bootstrap(clips).high, 20);
  EXPECT_DOUBLE_EQ(Bootstrap({}).high, 0);
}

// 400 clips of one word each, 30 % wrong: a binomial law, whose 95 % are +-4.5.
TEST(ScoreTest, TheIntervalIsThatOfIndependentClips) {
  std::vector<Heard> clips;
  for (int i = 0; i < 400; ++i) clips.push_back(Clip("a", 1, i % 10 < 3));
  const Interval interval = Bootstrap(clips, 4000);
  EXPECT_NEAR(interval.low, 25.5, 0.7);
  EXPECT_NEAR(interval.high, 34.5, 0.7);
}

// Clips of one speaker are alike: drawing speakers shows that there are fewer independent ones.
TEST(ScoreTest, ManySpeakersAreDrawnWhole) {
  std::vector<Heard> same, different;
  for (int i = 0; i < 400; ++i) {
    different.push_back(Clip(std::to_string(i), 1, i % 2));
    same.push_back(Clip(std::to_string(i % 40), 1, i % 2));  // each speaker all right or all wrong
  }
  const Interval few = Bootstrap(same), many = Bootstrap(different);
  EXPECT_GT(few.high - few.low, 2 * (many.high - many.low));
}

TEST(ScoreTest, Percentiles) {
  EXPECT_DOUBLE_EQ(Percentile({}, 50), 0);
  EXPECT_DOUBLE_EQ(Percentile({3, 1, 2}, 50), 2);
  EXPECT_DOUBLE_EQ(Percentile({3, 1, 2}, 100), 3);
  EXPECT_DOUBLE_EQ(Percentile({3, 1, 2}, 0), 1);
}

}  // namespace
}  // namespace rill::eval
