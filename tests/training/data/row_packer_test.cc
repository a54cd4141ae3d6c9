#include "model/training/data/row_packer.h"

#include <gtest/gtest.h>

#include <map>
#include <vector>

#include "model/training/data/random.h"

namespace rill::training {
namespace {

TEST(RowPackerTest, TakesTheFullestRowWithRoom) {
  RowPacker packer(10);
  const auto expect = [&packer](int64_t frames, int64_t row, int64_t first) {
    const RowPacker::Place place = packer.Add(frames);
    EXPECT_EQ(place.row, row) << frames;
    EXPECT_EQ(place.first, first) << frames;
  };
  expect(6, 0, 0);
  expect(7, 1, 0);
  expect(3, 1, 7);  // row 1 has 3 left, row 0 has 4
  expect(3, 0, 6);
  expect(10, 2, 0);
  expect(1, 0, 9);
  expect(1, 3, 0);  // all full
  EXPECT_EQ(packer.rows(), 4);
}

TEST(RowPackerTest, EveryClipMayHaveARowOfItsOwn) {
  RowPacker packer(10, /*one_a_row=*/true);
  for (int64_t row = 0; row < 5; ++row) {
    const RowPacker::Place place = packer.Add(2);
    EXPECT_EQ(place.row, row);
    EXPECT_EQ(place.first, 0);
  }
  EXPECT_EQ(packer.rows(), 5);
}

TEST(RowPackerTest, RandomClipsNeitherOverlapNorLeaveMuchEmpty) {
  constexpr int64_t kRow = 448;
  RowPacker packer(kRow);
  Random random({1});
  std::map<int64_t, int64_t> filled;
  int64_t total = 0;
  for (int i = 0; i < 20000; ++i) {
    const int64_t frames = 1 + random.Below(i % 5 == 0 ? kRow : 150);
    const RowPacker::Place place = packer.Add(frames);
    ASSERT_EQ(place.first, filled[place.row]) << "clips lie one after the other";
    filled[place.row] += frames;
    ASSERT_LE(filled[place.row], kRow);
    total += frames;
  }
  EXPECT_EQ(packer.rows(), static_cast<int64_t>(filled.size()));
  EXPECT_GT(static_cast<double>(total), 0.985 * static_cast<double>(kRow * packer.rows()));
}

}  // namespace
}  // namespace rill::training
