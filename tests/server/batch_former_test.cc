#include "server/engine/batch_former.h"

#include <gmock/gmock.h>

#include <map>
#include <random>
#include <set>

namespace rill::server {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::IsEmpty;
using TimePoint = BatchFormer::TimePoint;

const TimePoint kStart = TimePoint() + std::chrono::hours(1);

TimePoint At(int ms) { return kStart + milliseconds(ms); }

BatchFormer Former(int max_batch, int open) {
  BatchFormer former({max_batch, milliseconds(10)});
  for (int id = 1; id <= open; ++id) former.Open(id);
  return former;
}

TEST(BatchFormerTest, NobodyWaitsNothingIsDue) {
  BatchFormer former = Former(4, 2);
  EXPECT_EQ(former.Due(), std::nullopt);
  EXPECT_THAT(former.Take(), IsEmpty());
}

TEST(BatchFormerTest, TheDeadlineIsThatOfTheLongestWaiting) {
  BatchFormer former = Former(4, 3);
  former.Ready(2, At(3));
  former.Ready(1, At(5));
  EXPECT_EQ(former.Due(), At(13));
  former.Ready(2, At(9));  // it waits already
  EXPECT_EQ(former.Due(), At(13));
  EXPECT_THAT(former.Take(), ElementsAre(2, 1));
  EXPECT_EQ(former.Due(), std::nullopt);
}

TEST(BatchFormerTest, DueAtOnceWhenAllOpenStreamsAreIn) {
  BatchFormer former = Former(4, 2);
  former.Ready(1, At(0));
  EXPECT_EQ(former.Due(), At(10));
  former.Ready(2, At(1));
  EXPECT_LT(*former.Due(), At(1));
}

TEST(BatchFormerTest, DueAtOnceWhenThereIsNoOtherToWaitFor) {
  BatchFormer former = Former(4, 2);
  former.Ready(1, At(0));
  former.Close(2);
  EXPECT_LT(*former.Due(), At(0));
}

TEST(BatchFormerTest, DueAtOnceWhenFull) {
  BatchFormer former = Former(2, 5);
  for (const int id : {4, 2, 5}) former.Ready(id, At(id));
  EXPECT_LT(*former.Due(), At(0));
  EXPECT_THAT(former.Take(), ElementsAre(2, 4));
  EXPECT_EQ(former.Due(), At(15));
}

TEST(BatchFormerTest, AStreamThatIsBehindDoesNotWait) {
  BatchFormer former = Former(4, 3);
  former.Ready(1, At(0));
  former.Behind(2, At(1));
  EXPECT_EQ(former.Due(), At(1));
  former.Behind(1, At(2));  // Ready before: what it has is due no later than now
  EXPECT_THAT(former.Take(), ElementsAre(2, 1));
}

TEST(BatchFormerTest, ClosedAndUnknownStreamsNeverCome) {
  BatchFormer former = Former(4, 2);
  former.Ready(1, At(0));
  former.Close(1);
  former.Ready(1, At(1));
  former.Ready(99, At(1));
  EXPECT_EQ(former.Due(), std::nullopt);
  EXPECT_THAT(former.Take(), IsEmpty());
  EXPECT_EQ(former.open(), 1u);
}

// Whatever happens in whatever order: nobody waits past its deadline, comes twice, or comes
// uncalled.
TEST(BatchFormerTest, HoldsUnderRandomUse) {
  std::mt19937 random(7);
  for (int round = 0; round < 200; ++round) {
    const int max_batch = 1 + static_cast<int>(random() % 6);
    BatchFormer former = Former(max_batch, 0);
    std::set<uint64_t> open;
    std::map<uint64_t, TimePoint> waiting;
    for (int now = 0; now < 100; ++now) {
      const uint64_t id = random() % 12;
      switch (random() % 4) {
        case 0:
          former.Open(id);
          open.insert(id);
          break;
        case 1:
          former.Close(id);
          open.erase(id);
          waiting.erase(id);
          break;
        default:
          former.Ready(id, At(now));
          if (open.count(id)) waiting.emplace(id, At(now + 10));
      }
      ASSERT_EQ(former.open(), open.size());
      ASSERT_EQ(former.waiting(), waiting.size());
      const auto due = former.Due();
      ASSERT_EQ(due.has_value(), !waiting.empty());
      if (!due) continue;
      for (const auto& [waiter, deadline] : waiting) ASSERT_LE(*due, deadline);
      if (*due > At(now)) continue;
      const auto batch = former.Take();
      ASSERT_LE(batch.size(), static_cast<size_t>(max_batch));
      ASSERT_FALSE(batch.empty());
      for (const uint64_t taken : batch) ASSERT_EQ(waiting.erase(taken), 1u);
    }
  }
}

}  // namespace
}  // namespace rill::server
