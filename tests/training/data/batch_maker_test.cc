#include "model/training/data/batch_maker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "model/training/data/random.h"
#include "tests/training/data/data_fixture.h"

namespace rill::training {
namespace {

constexpr int64_t kBins = 4;
constexpr int64_t kRowFrames = 60;

// Bin 0 names the clip, bin 1 the frame; exact in 16 bits.
float Value(int64_t clip, int64_t frame, int64_t bin) {
  if (bin == 0) return static_cast<float>(clip + 1);
  return bin == 1 ? static_cast<float>(frame + 1) : 1;
}

class BatchMakerTest : public testing::Test {
 protected:
  BatchMakerTest() {
    Random random({1});
    std::vector<FakeClip> clips;
    for (int i = 0; i < 40; ++i) {
      const int64_t frames = 40 + random.Below(180);
      // Every clip has words of its own, so that labels tell it.
      const std::string text = {static_cast<char>('a' + i % 26), static_cast<char>('a' + i / 26)};
      clips.push_back({{frames + 20, frames}, text});
    }
    corpora_.push_back({MakeStore(folder_, "c", clips, kBins, Value), 1, 0.5});
    statistics_.mean.assign(kBins, 0);
    statistics_.inv_std.assign(kBins, 1);
    options_.rows = 3;
    options_.row_frames = kRowFrames;
    options_.augment.gain_db = 0;
    options_.augment.noise_probability = 0;
    options_.augment.frequency_masks = 0;
    options_.augment.time_mask_interval = 0;
  }

  void Start() {
    planner_ = std::make_unique<PassPlanner>(corpora_, options_);
    augmenter_ = std::make_unique<Augmenter>(options_.augment, statistics_, nullptr);
    maker_ = std::make_unique<BatchMaker>(corpora_, *planner_, *augmenter_, options_);
  }

  TemporaryFolder folder_;
  DataOptions options_;
  FeatureStatistics statistics_;
  std::vector<TrainingCorpus> corpora_;
  std::unique_ptr<PassPlanner> planner_;
  std::unique_ptr<Augmenter> augmenter_;
  std::unique_ptr<BatchMaker> maker_;
};

void ExpectEqual(const Batch& a, const Batch& b) {
  EXPECT_EQ(a.features, b.features);
  EXPECT_EQ(a.chunk_end, b.chunk_end);
  ASSERT_EQ(a.clips.size(), b.clips.size());
  for (size_t i = 0; i < a.clips.size(); ++i) {
    EXPECT_EQ(a.clips[i].row, b.clips[i].row);
    EXPECT_EQ(a.clips[i].first_frame, b.clips[i].first_frame);
    EXPECT_EQ(a.clips[i].frames, b.clips[i].frames);
    EXPECT_EQ(a.clips[i].labels, b.clips[i].labels);
  }
}

// Follows the rows of several passes and looks for every frame and label where it should be.
TEST_F(BatchMakerTest, AccountsForEveryFrameAndLabel) {
  Start();
  std::map<std::vector<int32_t>, int> taken;  // by labels
  int64_t rows = 0;
  const int64_t passes = 6;
  int64_t end = 0;
  for (int64_t pass = 0; pass < passes; ++pass) end += planner_->Plan(pass).rows();
  for (int64_t index = 0; rows < end; ++index) {
    const auto made = maker_->Make(index);
    ASSERT_TRUE(made.ok()) << made.status();
    const Batch& batch = *made;
    ASSERT_EQ(batch.rows, 3);
    ASSERT_EQ(batch.frames, kRowFrames);
    ASSERT_EQ(batch.mel_bins, kBins);
    ASSERT_EQ(static_cast<int64_t>(batch.features.size()), 3 * 4 * kRowFrames * kBins);
    ASSERT_EQ(static_cast<int64_t>(batch.chunk_end.size()), 3 * kRowFrames);
    std::vector<float> rest = batch.features;
    int64_t frames = 0, labels = 0;
    for (const PackedClip& clip : batch.clips) {
      EXPECT_EQ(clip.weight, 0.5f);
      ASSERT_LE(clip.first_frame + clip.frames, kRowFrames);
      if (rows + clip.row < end) ++taken[clip.labels];
      float* at = rest.data() + (clip.row * kRowFrames + clip.first_frame) * 4 * kBins;
      const int64_t id = static_cast<int64_t>(at[0]) - 1;
      EXPECT_EQ(clip.labels, corpora_[0].clips->clip(id).labels);
      const int64_t cut = static_cast<int64_t>(at[1]) - 1;
      ASSERT_TRUE(cut >= 0 && cut <= 3);
      for (int64_t t = 0; t < 4 * clip.frames; ++t) {
        for (int64_t bin = 0; bin < kBins; ++bin) {
          ASSERT_EQ(at[t * kBins + bin], Value(id, t + cut, bin));
        }
      }
      std::fill_n(at, 4 * clip.frames * kBins, 0.0f);
      frames += clip.frames;
      labels += static_cast<int64_t>(clip.labels.size());
    }
    EXPECT_THAT(rest, testing::Each(0.0f)) << "padding is the mean";
    EXPECT_NEAR(batch.audio_seconds, 0.04 * static_cast<double>(frames), 1e-9);
    EXPECT_EQ(batch.characters, labels);
    rows += batch.rows;
  }
  EXPECT_EQ(taken.size(), 40u);
  for (const auto& [labels, count] : taken) EXPECT_EQ(count, passes);
}

TEST_F(BatchMakerTest, ABatchDependsOnItsNumberOnly) {
  options_.augment = AugmentOptions();
  options_.augment.speeds = {0.9, 1.0};
  Start();
  std::vector<Batch> batches;
  for (int64_t i = 0; i < 30; ++i) batches.push_back(maker_->Make(i).value());
  ExpectEqual(maker_->Make(3).value(), batches[3]);
  Start();  // as after a restart, and in another order
  for (int64_t i : {29, 0, 17, 28, 5}) ExpectEqual(maker_->Make(i).value(), batches[i]);
  EXPECT_NE(batches[0].features, batches[1].features);
}

// All else equal: the same clips at the same places, heard in the same chunks.
TEST_F(BatchMakerTest, TwoViewsDifferInTheirMasksOnly) {
  Start();
  const Batch one = maker_->Make(4).value();
  options_.views = 2;
  Start();
  const Batch two = maker_->Make(4).value();
  EXPECT_EQ(two.views, 2);
  ASSERT_EQ(two.rows, 2 * one.rows);
  EXPECT_EQ(two.characters, 2 * one.characters);
  ASSERT_EQ(two.clips.size(), 2 * one.clips.size());
  for (const int half : {0, 1}) {
    Batch view = two;
    view.features.assign(two.features.begin() + half * one.features.size(),
                         two.features.begin() + (half + 1) * one.features.size());
    view.chunk_end.assign(two.chunk_end.begin() + half * one.chunk_end.size(),
                          two.chunk_end.begin() + (half + 1) * one.chunk_end.size());
    view.clips.assign(two.clips.begin() + half * one.clips.size(),
                      two.clips.begin() + (half + 1) * one.clips.size());
    for (PackedClip& clip : view.clips) clip.row -= half * one.rows;
    ExpectEqual(view, one);
  }
  options_.augment.max_frequency_mask = kBins;
  options_.augment.frequency_masks = 1;
  Start();
  const Batch masked = maker_->Make(4).value();
  const auto middle = masked.features.begin() + one.features.size();
  int64_t only_first = 0, only_second = 0;
  for (size_t i = 0; i < one.features.size(); ++i) {
    const float first = masked.features[i], second = *(middle + i);
    if (first == second) continue;
    ASSERT_TRUE(first == 0 || second == 0);
    ++(first == 0 ? only_first : only_second);
    ASSERT_EQ(first == 0 ? second : first, one.features[i]);
  }
  EXPECT_GT(only_first, 0);
  EXPECT_GT(only_second, 0);
}

// A teacher whose codes name the clip and the frame.
TEST_F(BatchMakerTest, CodesOfATeacherGoWithTheirClip) {
  Manifest manifest;
  manifest.name = "c";
  std::string lines = "path\tframes\tcodes\n";
  for (int clip = 0; clip < 40; ++clip) {
    std::string codes;
    for (int t = 0; t < 60; ++t) codes += {static_cast<char>(clip), static_cast<char>(t)};
    manifest.clips.push_back({clip + 2, std::to_string(clip), "s", 2.4, "x"});
    absl::StrAppend(&lines, clip, "\t60\t", absl::Base64Escape(codes), "\n");
  }
  WriteFile(folder_, "codes/c.codes.tsv", lines);
  corpora_[0].teacher = TeacherCodes::Open(folder_ / "codes", manifest).value();
  options_.augment.speeds = {0.9, 1.0};
  Start();
  std::set<std::pair<int, int64_t>> takes;  // speeds and cuts
  for (int64_t index = 0; index < 40; ++index) {
    const Batch batch = maker_->Make(index).value();
    for (const PackedClip& clip : batch.clips) {
      const float* at =
          batch.features.data() + (clip.row * kRowFrames + clip.first_frame) * 4 * kBins;
      const int64_t id = static_cast<int64_t>(at[0]) - 1, cut = static_cast<int64_t>(at[1]) - 1;
      // The fake corpus is 20 feature frames longer at the first speed.
      const int64_t plain = corpora_[0].clips->features(id, 1).frames;
      const int speed = clip.frames == (plain - cut) / 4 ? 1 : 0;
      EXPECT_EQ(clip.teacher,
                corpora_[0].teacher->Get(id, options_.augment.speeds[speed], cut, clip.frames));
      takes.insert({speed, cut});
    }
  }
  EXPECT_EQ(takes.size(), 8u);
}

TEST_F(BatchMakerTest, RowsDrawAllChunkLengthsAtEqualOdds) {
  Start();
  std::map<int64_t, int> lengths;  // of a row's first chunk
  constexpr int kBatches = 400;
  for (int64_t index = 0; index < kBatches; ++index) {
    const Batch batch = maker_->Make(index).value();
    for (int64_t row = 0; row < 3; ++row)
      ++lengths[std::min(17, batch.chunk_end[row * kRowFrames])];
    for (const PackedClip& clip : batch.clips) {
      const int32_t* end = batch.chunk_end.data() + clip.row * kRowFrames;
      if (end[0] <= 16 || clip.frames < 17) continue;  // not a row of whole clips, surely
      EXPECT_EQ(end[clip.first_frame], clip.first_frame + clip.frames);
    }
  }
  // Clips of fewer than 17 frames are few.
  for (int64_t length : {1, 2, 4, 8, 16, 17}) {
    EXPECT_NEAR(lengths[length], 3 * kBatches / 6, 60) << length;
  }
}

TEST_F(BatchMakerTest, PassesWithoutAClipAreSkipped) {
  corpora_[0].share = 1.0 / 80;  // a clip every other pass
  Start();
  std::set<std::vector<int32_t>> taken;
  for (int64_t index = 0; index < 14; ++index) {
    const Batch batch = maker_->Make(index).value();
    ASSERT_EQ(batch.clips.size(), 3u);
    for (const PackedClip& clip : batch.clips) taken.insert(clip.labels);
  }
  EXPECT_EQ(taken.size(), 40u);
}

TEST_F(BatchMakerTest, RefusesNumbersOutOfRange) {
  Start();
  EXPECT_EQ(maker_->Make(-1).status().code(), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(maker_->Make(INT64_MAX).status().code(), absl::StatusCode::kOutOfRange);
}

}  // namespace
}  // namespace rill::training
