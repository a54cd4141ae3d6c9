#include "model/training/optimizer/schedule.h"

#include <gtest/gtest.h>

namespace rill::training {
namespace {

TEST(ScheduleTest, WarmsUpStaysAndFallsToZero) {
  const Schedule schedule = {.peak_rate = 1, .warmup_steps = 100, .constant_share = 0.3};
  EXPECT_DOUBLE_EQ(schedule.Rate(0, 0), 0.01);
  EXPECT_DOUBLE_EQ(schedule.Rate(49, 0), 0.5);
  EXPECT_DOUBLE_EQ(schedule.Rate(99, 0), 1);
  EXPECT_DOUBLE_EQ(schedule.Rate(1000, 0.3), 1);
  EXPECT_DOUBLE_EQ(schedule.Rate(1000, 0.65), 0.5);
  EXPECT_DOUBLE_EQ(schedule.Rate(1000, 1), 0);
  EXPECT_DOUBLE_EQ(schedule.Rate(1000, 1.5), 0);
}

TEST(ScheduleTest, NeverRisesAfterTheWarmup) {
  const Schedule schedule = {.warmup_steps = 10};
  double last = schedule.Rate(10, 0);
  for (int i = 1; i <= 100; ++i) {
    const double rate = schedule.Rate(10 + i, i / 100.0);
    EXPECT_LE(rate, last);
    last = rate;
  }
}

TEST(ScheduleTest, OpenEndedStaysAtThePeak) {
  const Schedule schedule = {.peak_rate = 1, .open_ended = true};
  EXPECT_DOUBLE_EQ(schedule.Rate(1000000, 0.99), 1);
}

TEST(ScheduleTest, WithoutAConstantPartItFallsFromTheStart) {
  const Schedule schedule = {.peak_rate = 1, .warmup_steps = 0, .constant_share = 0};
  EXPECT_DOUBLE_EQ(schedule.Rate(0, 0), 1);
  EXPECT_DOUBLE_EQ(schedule.Rate(1, 0.25), 0.75);
}

TEST(ScheduleTest, AllConstantEndsAbruptly) {
  const Schedule schedule = {.peak_rate = 1, .warmup_steps = 0, .constant_share = 1};
  EXPECT_DOUBLE_EQ(schedule.Rate(5, 1), 1);
  EXPECT_DOUBLE_EQ(schedule.Rate(5, 1.01), 0);
}

TEST(ScheduleTest, ProgressIsByWhateverEndComesFirst) {
  EXPECT_DOUBLE_EQ(Schedule{}.Progress(1e9, 1e9, 0), 0);
  const Schedule audio = {.audio_seconds = 100};
  EXPECT_DOUBLE_EQ(audio.Progress(25, 1e9, 0), 0.25);
  const Schedule wall = {.wall_seconds = 10};
  EXPECT_DOUBLE_EQ(wall.Progress(1e9, 5, 0), 0.5);
  const Schedule both = {.audio_seconds = 100, .wall_seconds = 10};
  EXPECT_DOUBLE_EQ(both.Progress(25, 5, 0), 0.5);
  EXPECT_DOUBLE_EQ(both.Progress(75, 5, 0), 0.75);
  const Schedule steps = {.wall_seconds = 10, .steps = 200};
  EXPECT_DOUBLE_EQ(steps.Progress(1e9, 1, 50), 0.25);
  EXPECT_DOUBLE_EQ(steps.Progress(1e9, 1, 200), 1);
}

}  // namespace
}  // namespace rill::training
