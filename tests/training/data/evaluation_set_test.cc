#include "model/training/data/evaluation_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "tests/training/data/data_fixture.h"

namespace rill::training {
namespace {

constexpr int64_t kBins = 2;

float Value(int64_t clip, int64_t frame, int64_t bin) {
  return static_cast<float>(bin == 0 ? clip + 1 : frame % 1024);
}

class EvaluationSetTest : public testing::Test {
 protected:
  EvaluationSetTest()
      : corpus_(MakeStore(folder_, "dev",
                          {{{43}, "forty three"},
                           {{3}, "too short"},
                           {{400}, "long"},
                           {{8}, "ab"},
                           {{41}, "forty one"},
                           {{12}, ""}},
                          kBins, Value)) {
    statistics_.mean = {1, 0};
    statistics_.inv_std = {2, 1};
  }

  TemporaryFolder folder_;
  FeatureStatistics statistics_;
  std::unique_ptr<ClipStore> corpus_;
};

TEST_F(EvaluationSetTest, EveryClipAloneInARowWithItsReference) {
  const EvaluationSet set(*corpus_, statistics_, 30);
  EXPECT_EQ(set.name(), "dev");
  EXPECT_EQ(set.clips(), 5);
  EXPECT_EQ(set.dropped(), 1);
  EXPECT_NEAR(set.hours(), (10 + 100 + 2 + 10 + 3) * 0.04 / 3600, 1e-9);
  std::map<std::string, int64_t> frames;
  for (int64_t index = 0; index < set.batches(); ++index) {
    const EvaluationBatch made = set.Get(index);
    const Batch& batch = made.batch;
    EXPECT_TRUE(batch.rows * batch.frames <= 30 || batch.rows == 1);
    ASSERT_EQ(static_cast<int64_t>(batch.clips.size()), batch.rows);
    ASSERT_EQ(made.references.size(), batch.clips.size());
    for (int64_t row = 0; row < batch.rows; ++row) {
      const PackedClip& clip = batch.clips[row];
      EXPECT_EQ(clip.row, row);
      EXPECT_EQ(clip.first_frame, 0);
      EXPECT_EQ(clip.weight, 1);
      const size_t letters = made.references[row].size();
      EXPECT_EQ(clip.labels.size(), letters > 0 ? letters + 1 : 0) << "a space at the end";
      if (letters > 0) {
        EXPECT_EQ(clip.labels.back(), 1);
      }
      frames[made.references[row]] = clip.frames;
      const float* at = batch.features.data() + row * batch.frames * 4 * kBins;
      for (int64_t t = 0; t < batch.frames * 4; ++t) {
        EXPECT_EQ(at[t * kBins + 1], t < clip.frames * 4 ? t % 1024 : 0);
      }
      EXPECT_EQ(static_cast<int64_t>(at[0]) % 2, 0) << "(clip + 1 - mean) * 2";
    }
  }
  EXPECT_EQ(frames,
            (std::map<std::string, int64_t>{
                {"forty three", 10}, {"long", 100}, {"ab", 2}, {"forty one", 10}, {"", 3}}));
}

TEST_F(EvaluationSetTest, ChunksAreCutAtTheClipsEnd) {
  const EvaluationSet set(*corpus_, statistics_, 30);
  const Batch batch = set.Get(0, 2).batch;  // clips of 2, 3 and 10 frames
  ASSERT_EQ(batch.rows, 3);
  ASSERT_EQ(batch.frames, 10);
  const std::vector<int32_t> second(batch.chunk_end.begin() + 10, batch.chunk_end.begin() + 20);
  EXPECT_THAT(second, testing::ElementsAre(2, 2, 3, 4, 5, 6, 7, 8, 9, 10));
  const Batch whole = set.Get(0, 0).batch;
  const std::vector<int32_t> clip(whole.chunk_end.begin() + 10, whole.chunk_end.begin() + 15);
  EXPECT_THAT(clip, testing::ElementsAre(3, 3, 3, 4, 5));
}

TEST_F(EvaluationSetTest, MayBeEmpty) {
  const auto none = MakeStore(folder_, "none", {{{2}, "x"}}, kBins, Value);
  const EvaluationSet set(*none, statistics_, 30);
  EXPECT_EQ(set.batches(), 0);
  EXPECT_EQ(set.dropped(), 1);
}

}  // namespace
}  // namespace rill::training
