#include "tests/eval/stream_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace rill::eval {
namespace {

using testing::ElementsAre;

training::Manifest Corpus(const std::vector<double>& seconds) {
  training::Manifest corpus;
  for (const double s : seconds) {
    corpus.clips.emplace_back();
    corpus.clips.back().seconds = s;
  }
  return corpus;
}

TEST(PlanStreamsTest, AStreamAClip) {
  EXPECT_THAT(PlanStreams(Corpus({5, 70, 3}), 0),
              ElementsAre(ElementsAre(0), ElementsAre(1), ElementsAre(2)));
}

TEST(PlanStreamsTest, AStreamEndsWithTheClipThatMakesItLongEnough) {
  EXPECT_THAT(PlanStreams(Corpus({30, 29, 2, 60, 10}), 1),
              ElementsAre(ElementsAre(0, 1, 2), ElementsAre(3), ElementsAre(4)));
}

TEST(PlanStreamsTest, AShortCorpusIsHeardAgainInAnotherOrder) {
  std::vector<double> seconds(50, 2);
  const auto streams = PlanStreams(Corpus(seconds), 10);
  ASSERT_EQ(streams.size(), 1u);
  ASSERT_EQ(streams[0].size(), 300u);
  std::map<size_t, int> times;
  for (const size_t clip : streams[0]) ++times[clip];
  EXPECT_EQ(times.size(), 50u);
  for (const auto& [clip, count] : times) EXPECT_EQ(count, 6) << clip;
  const std::vector<size_t> first(streams[0].begin(), streams[0].begin() + 50);
  const std::vector<size_t> second(streams[0].begin() + 50, streams[0].begin() + 100);
  EXPECT_TRUE(std::is_sorted(first.begin(), first.end()));
  EXPECT_NE(first, second);
}

TEST(PlanStreamsTest, NothingIsNoStream) {
  EXPECT_TRUE(PlanStreams(Corpus({}), 60).empty());
  EXPECT_TRUE(PlanStreams(Corpus({}), 0).empty());
}

}  // namespace
}  // namespace rill::eval
