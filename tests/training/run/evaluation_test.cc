#include "model/training/run/evaluation.h"

#include <gtest/gtest.h>

namespace rill::training {
namespace {

// Logits whose best tokens are `path`.
std::vector<float> Logits(const std::vector<int>& path, int vocab) {
  std::vector<float> logits(path.size() * vocab, -1.0f);
  for (size_t t = 0; t < path.size(); ++t) logits[t * vocab + path[t]] = 1.0f;
  return logits;
}

std::string Text(const std::vector<int>& path) {
  const std::vector<std::string> tokens = {"<blank>", " ", "a", "bc"};
  return GreedyText(Logits(path, 4).data(), static_cast<int64_t>(path.size()), 4, tokens);
}

TEST(GreedyTextTest, MergesRepeatsAndDropsBlanks) {
  EXPECT_EQ(Text({}), "");
  EXPECT_EQ(Text({0, 0}), "");
  EXPECT_EQ(Text({2, 2, 0, 2, 3, 3, 1, 0, 0, 2}), "aabc a");
  EXPECT_EQ(Text({0, 2, 0, 0, 2}), "aa");
  EXPECT_EQ(Text({2, 3, 2}), "abca");
}

TEST(MeanCharacterErrorRateTest, WeighsCorporaAlike) {
  EvaluationTable table;
  table["a"].errors.Add("ab", "ab");
  table["b"].errors.Add("abcd", "ab");
  EXPECT_DOUBLE_EQ(MeanCharacterErrorRate(table), 25);
}

}  // namespace
}  // namespace rill::training
