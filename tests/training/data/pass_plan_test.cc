#include "model/training/data/pass_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <tuple>

#include "model/training/data/random.h"
#include "tests/training/data/data_fixture.h"

namespace rill::training {
namespace {

constexpr int64_t kRowFrames = 100;

float Zero(int64_t, int64_t, int64_t) { return 0; }

// Three speeds as LogMel makes them, about.
FakeClip ClipOf(int64_t frames, const std::string& text = "a") {
  return {{frames * 10 / 9, frames, frames * 10 / 11}, text};
}

class PassPlanTest : public testing::Test {
 protected:
  PassPlanTest() { options_.row_frames = kRowFrames; }

  void AddCorpus(const std::string& name, const std::vector<FakeClip>& clips, double share = 1) {
    corpora_.push_back({MakeStore(folder_, name, clips, 2, Zero), share, 1});
  }

  void AddRandomCorpus(const std::string& name, int clips, double share = 1) {
    Random random({corpora_.size()});
    std::vector<FakeClip> made;
    for (int i = 0; i < clips; ++i) made.push_back(ClipOf(20 + random.Below(330)));
    AddCorpus(name, made, share);
  }

  TemporaryFolder folder_;
  DataOptions options_;
  std::vector<TrainingCorpus> corpora_;
};

std::map<std::pair<int, int>, int> Takes(const PassPlan& plan) {
  std::map<std::pair<int, int>, int> takes;
  for (int64_t row = 0; row < plan.rows(); ++row) {
    for (const PlannedClip& clip : plan.row(row)) ++takes[{clip.corpus, clip.clip}];
  }
  return takes;
}

TEST_F(PassPlanTest, EveryClipIsTakenOnceAndLiesInItsRow) {
  AddRandomCorpus("one", 300);
  AddRandomCorpus("two", 200);
  const PassPlanner planner(corpora_, options_);
  std::set<std::tuple<int, int, int>> draws;
  for (int64_t pass = 0; pass < 5; ++pass) {
    const PassPlan plan = planner.Plan(pass);
    const auto takes = Takes(plan);
    EXPECT_EQ(takes.size(), 500u);
    for (const auto& [clip, count] : takes) EXPECT_EQ(count, 1);
    int64_t total = 0;
    std::set<int> numbers;
    for (int64_t row = 0; row < plan.rows(); ++row) {
      int64_t end = 0;
      ASSERT_FALSE(plan.row(row).empty());
      for (const PlannedClip& clip : plan.row(row)) {
        ASSERT_EQ(clip.first_frame, end) << "one after the other";
        end += clip.frames;
        const int64_t frames = corpora_[clip.corpus].clips->features(clip.clip, clip.speed).frames;
        ASSERT_GE(clip.start_cut, 0);
        ASSERT_LE(clip.start_cut, 3);
        ASSERT_EQ(clip.frames, (frames - clip.start_cut) / 4);
        numbers.insert(clip.number);
        draws.insert({clip.speed, clip.start_cut, 0});
      }
      ASSERT_LE(end, kRowFrames);
      total += end;
    }
    EXPECT_EQ(numbers.size(), 500u);
    EXPECT_GT(total, 0.93 * static_cast<double>(kRowFrames * plan.rows()));
  }
  EXPECT_EQ(draws.size(), 12u) << "every speed with every cut";
}

TEST_F(PassPlanTest, APassIsAFunctionOfItsNumberAndTheSeed) {
  AddRandomCorpus("one", 100);
  const auto first_clips = [this](int64_t pass) {
    const PassPlan plan = PassPlanner(corpora_, options_).Plan(pass);
    std::vector<int> clips;
    for (int64_t row = 0; row < 3; ++row) {
      for (const PlannedClip& clip : plan.row(row)) clips.push_back(clip.clip);
    }
    return clips;
  };
  EXPECT_EQ(first_clips(3), first_clips(3));
  EXPECT_NE(first_clips(3), first_clips(4));
  const auto before = first_clips(3);
  options_.seed = 2;
  EXPECT_NE(first_clips(3), before);
}

TEST_F(PassPlanTest, AShareTakesItsTurnThroughTheCorpus) {
  AddRandomCorpus("fifth", 50, 0.2);
  AddRandomCorpus("often", 10, 2.5);
  AddRandomCorpus("never", 10, 0);
  const PassPlanner planner(corpora_, options_);
  std::map<std::pair<int, int>, int> sum;
  for (int64_t pass = 0; pass < 10; ++pass) {
    std::map<int, int> clips;
    for (const auto& [clip, count] : Takes(planner.Plan(pass))) {
      clips[clip.first] += count;
      sum[clip] += count;
    }
    EXPECT_EQ(clips[0], 10);
    EXPECT_EQ(clips[1], 25);
    EXPECT_EQ(clips.count(2), 0u);
  }
  ASSERT_EQ(sum.size(), 60u);
  for (const auto& [clip, count] : sum) EXPECT_EQ(count, clip.first == 0 ? 2 : 25);
}

TEST_F(PassPlanTest, ShortClipsTakeSlowSpeedsLongOnesFastOnes) {
  // "aab" and its space need 5 frames: 20 feature frames and 3 that may be cut.
  AddCorpus("c", {{{23, 21, 19}, "aab"},   // 0.9 only
                  {{22, 21, 19}, "aab"},   // none
                  {{450, 410, 370}, "a"},  // 1.1 only: a row has 400
                  {{450, 410, 404}, "a"},  // none
                  {{0, 0, 0}, ""},         // unreadable
                  {{8, 7, 6}, ""}});       // silence; one frame at least
  const PassPlanner planner(corpora_, options_);
  EXPECT_THAT(planner.usable(0), testing::UnorderedElementsAre(0, 2, 5));
  for (int64_t pass = 0; pass < 50; ++pass) {
    const PassPlan plan = planner.Plan(pass);
    for (int64_t row = 0; row < plan.rows(); ++row) {
      for (const PlannedClip& clip : plan.row(row)) {
        EXPECT_TRUE(clip.clip != 0 || clip.speed == 0);
        EXPECT_TRUE(clip.clip != 2 || clip.speed == 2);
        EXPECT_GE(clip.frames, corpora_[0].clips->clip(clip.clip).frames_needed);
        EXPECT_GE(clip.frames, 1);
      }
    }
  }
}

}  // namespace
}  // namespace rill::training
