#include "server/session/stream_stats.h"

#include <gtest/gtest.h>

#include <numeric>

namespace rill::server {
namespace {

using std::chrono::milliseconds;

class StreamStatsTest : public testing::Test {
 protected:
  StreamStats::TimePoint At(int ms) const { return start_ + milliseconds(ms); }
  void Step(int began, int now, int64_t processed_ms) {
    stats_.OnStep(At(began), At(now), processed_ms, {});
  }
  // The sum of what chunks waited for their results, in milliseconds.
  double Waited() const { return 1000 * metrics_.result_seconds.Take().sum; }

  const StreamStats::TimePoint start_ = StreamStats::TimePoint::clock::now();
  EngineMetrics metrics_;
  StreamStats stats_{start_, 320, &metrics_};
};

TEST_F(StreamStatsTest, AChunkWaitsFromWhenItIsWhole) {
  stats_.OnReady(At(400), 400);
  stats_.OnReady(At(500), 500);  // of the next chunk: not whole
  Step(510, 530, 320);
  EXPECT_NEAR(Waited(), 130, 1e-6);
  stats_.OnReady(At(700), 700);
  Step(700, 720, 640);
  EXPECT_NEAR(Waited(), 130 + 20, 1e-6);
}

// A model that catches up a chunk a step: each chunk has waited since it came, not since the step
// before.
TEST_F(StreamStatsTest, ABacklogIsNotForgottenAfterItsFirstStep) {
  for (int ms = 320; ms <= 3200; ms += 320) stats_.OnReady(At(ms), ms);
  double waited = 0;
  for (int chunk = 1; chunk <= 10; ++chunk) {
    const int now = 4000 + 10 * chunk;
    Step(now - 10, now, 320 * chunk);
    waited += now - 320 * chunk;
    stats_.OnReady(At(now), 3200);  // there is still something to do
    EXPECT_NEAR(Waited(), waited, 1e-6) << chunk;
  }
}

TEST_F(StreamStatsTest, WhatWaitsForTheClientIsNotCounted) {
  stats_.OnReady(At(320), 320);
  stats_.OnReady(At(640), 640);
  Step(650, 660, 320);
  stats_.OnPaused();
  stats_.OnReady(At(9000), 960);
  Step(9000, 9010, 960);
  EXPECT_NEAR(Waited(), 340 + 10, 1e-6);
}

}  // namespace
}  // namespace rill::server
