#include "tests/bench/decoding/ctc_alignment.h"

#include <gtest/gtest.h>

namespace rill {
namespace {

const std::vector<std::string> kTokens = {"<blank>", " ", "a", "b"};

// One character a frame; '_' is the blank.
std::vector<float> Frames(const std::string& frames) {
  std::vector<float> log_probs;
  for (const char c : frames) {
    const size_t best = c == '_' ? 0 : c == ' ' ? 1 : 2 + c - 'a';
    for (size_t i = 0; i < kTokens.size(); ++i) log_probs.push_back(i == best ? -0.1f : -5.0f);
  }
  return log_probs;
}

TEST(CtcAlignmentTest, WordsAreWhereTheirLettersAre) {
  const auto spans = AlignText(Frames("__aab_ __b_a_"), kTokens.size(), kTokens, {"ab", "ba"});
  ASSERT_EQ(spans.size(), 2u);
  EXPECT_EQ(spans[0].first, 2);
  EXPECT_EQ(spans[0].last, 4);
  EXPECT_EQ(spans[1].first, 9);
  EXPECT_EQ(spans[1].last, 11);
}

TEST(CtcAlignmentTest, TheTextDecidesNotTheFrames) {
  // A second letter of the same kind needs a blank before it.
  const auto spans = AlignText(Frames("aaaa"), kTokens.size(), kTokens, {"aa"});
  ASSERT_EQ(spans.size(), 1u);
  EXPECT_EQ(spans[0].first, 0);
  EXPECT_EQ(spans[0].last, 3);
  const auto other = AlignText(Frames("a b"), kTokens.size(), kTokens, {"b", "a"});
  ASSERT_EQ(other.size(), 2u);
  EXPECT_EQ(other[0].first, 0);
  EXPECT_EQ(other[1].last, 2);
}

TEST(CtcAlignmentTest, LettersMayHaveSeveralBytes) {
  const auto spans = AlignText(Frames("_a b"), 4, {"<blank>", " ", "é", "日"}, {"é", "日"});
  ASSERT_EQ(spans.size(), 2u);
  EXPECT_EQ(spans[0].first, 1);
  EXPECT_EQ(spans[1].first, 3);
}

TEST(CtcAlignmentTest, WhatCannotBeAlignedIsEmpty) {
  EXPECT_TRUE(AlignText(Frames("a"), kTokens.size(), kTokens, {"ab"}).empty());
  EXPECT_TRUE(AlignText(Frames("aa"), kTokens.size(), kTokens, {"aa"}).empty());
  EXPECT_TRUE(AlignText(Frames("aaa"), kTokens.size(), kTokens, {"c"}).empty());
  EXPECT_TRUE(AlignText(Frames("aaa"), kTokens.size(), kTokens, {}).empty());
  EXPECT_TRUE(AlignText({}, kTokens.size(), kTokens, {"a"}).empty());
}

}  // namespace
}  // namespace rill
