#include "model/training/data/chunk_layout.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace rill::training {
namespace {

using testing::ElementsAre;

std::vector<int32_t> Grid(int64_t length, int64_t frames) {
  std::vector<int32_t> end(frames);
  GridChunks(length, absl::MakeSpan(end));
  return end;
}

TEST(ChunkLayoutTest, GridStartsAtTheRowAndIsCutAtItsEnd) {
  EXPECT_THAT(Grid(1, 4), ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(Grid(2, 5), ElementsAre(2, 2, 4, 4, 5));
  EXPECT_THAT(Grid(16, 3), ElementsAre(3, 3, 3));
}

TEST(ChunkLayoutTest, WholeClipsAreOneChunkAndPaddingFramesTheirOwn) {
  std::vector<int32_t> end(8);
  WholeClipChunks({{0, 3}, {3, 2}}, absl::MakeSpan(end));
  EXPECT_THAT(end, ElementsAre(3, 3, 3, 5, 5, 6, 7, 8));
}

// What the attention kernels rely on: chunks are runs of frames that name the run's end.
TEST(ChunkLayoutTest, EveryFrameLiesInTheChunkItNames) {
  for (int64_t length = 1; length <= 20; ++length) {
    const std::vector<int32_t> end = Grid(length, 67);
    for (int64_t t = 0; t < 67; ++t) {
      ASSERT_GT(end[t], t);
      ASSERT_LE(end[t], 67);
      ASSERT_EQ(end[end[t] - 1], end[t]);
      ASSERT_TRUE(t == 0 || end[t] == end[t - 1] || end[t - 1] == t);
    }
  }
}

}  // namespace
}  // namespace rill::training
