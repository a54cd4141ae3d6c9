#include "model/training/data/corpus_weights.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rill::training {
namespace {

TEST(CorpusWeightsTest, TheExactNameWinsThenTheLongestPattern) {
  const CorpusWeights weights = {
      {"*", 0.9}, {"speech*", 0.5}, {"speech-com*", 0.2}, {"speech-commands", 0.1}};
  EXPECT_EQ(WeightOf(weights, "speech-commands"), 0.1);
  EXPECT_EQ(WeightOf(weights, "speech-commands-300"), 0.2);
  EXPECT_EQ(WeightOf(weights, "speechocean"), 0.5);
  EXPECT_EQ(WeightOf(weights, "fsdd"), 0.9);
  EXPECT_EQ(WeightOf({{"fsd", 0.2}}, "fsdd"), 1);
  EXPECT_EQ(WeightOf({}, "fsdd"), 1);
}

TEST(CorpusWeightsTest, ANameThatFitsNothingIsAnError) {
  EXPECT_TRUE(CheckAllFit("shares", {{"a*", 1}, {"bc", 1}}, {"ab", "bc"}).ok());
  const absl::Status status = CheckAllFit("shares", {{"fssd", 0.2}}, {"fsdd", "bass"});
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()),
              testing::AllOf(testing::HasSubstr("shares"), testing::HasSubstr("fssd"),
                             testing::HasSubstr("fsdd, bass")));
}

}  // namespace
}  // namespace rill::training
