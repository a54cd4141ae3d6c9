#include "model/training/data/random.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <vector>

namespace rill::training {
namespace {

TEST(RandomTest, TheKeyDecidesTheSequence) {
  EXPECT_EQ(Random({1, 2}).Next(), Random({1, 2}).Next());
  std::set<uint64_t> first;
  for (uint64_t a = 0; a < 30; ++a) {
    for (uint64_t b = 0; b < 30; ++b) first.insert(Random({a, b}).Next());
  }
  EXPECT_EQ(first.size(), 900u);  // order and every part count
}

TEST(RandomTest, DrawsStayInRangeAndReachItAll) {
  Random random({3});
  std::vector<int> seen(5);
  double low = 1, high = 0;
  for (int i = 0; i < 5000; ++i) {
    ++seen.at(random.Below(5));
    const double u = random.Uniform();
    low = std::min(low, u);
    high = std::max(high, u);
    const double v = random.Uniform(-7, 7);
    ASSERT_TRUE(v >= -7 && v < 7);
  }
  EXPECT_THAT(seen, testing::Each(testing::AllOf(testing::Gt(850), testing::Lt(1150))));
  EXPECT_TRUE(low >= 0 && low < 0.01 && high < 1 && high > 0.99);
  EXPECT_EQ(random.Below(1), 0);
}

TEST(RandomTest, ShuffleKeepsTheItems) {
  std::vector<int> items = {1, 2, 3, 4, 5, 6, 7, 8};
  Random({4}).Shuffle(&items);
  EXPECT_THAT(items, testing::UnorderedElementsAre(1, 2, 3, 4, 5, 6, 7, 8));
  EXPECT_THAT(items, testing::Not(testing::ElementsAre(1, 2, 3, 4, 5, 6, 7, 8)));
  std::vector<int> none;
  Random({4}).Shuffle(&none);
}

}  // namespace
}  // namespace rill::training
