#include "model/training/data/batch_loader.h"

#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <string>
#include <thread>

namespace rill::training {
namespace {

// Batches that know their number.
absl::StatusOr<Batch> Numbered(int64_t index) {
  Batch batch;
  batch.characters = index;
  return batch;
}

TEST(BatchLoaderTest, GivesTheSameBatchesWhateverItMakesAhead) {
  for (const int workers : {0, 1, 3}) {
    for (const int ahead : {1, 2, 7}) {
      BatchLoader loader(Numbered, 10, workers, ahead);
      EXPECT_EQ(loader.batches_per_pass(), 10);
      // On and on, twice the same, back, far forward, far back.
      for (int64_t index : {0, 1, 2, 2, 3, 1, 4, 5, 6, 1000, 1001, 1002, 3, 4, 5, 4, 0, 1}) {
        EXPECT_EQ(loader.Get(index)->characters, index) << workers << " " << ahead;
      }
    }
  }
}

TEST(BatchLoaderTest, TwoCallersTakeTurns) {
  std::atomic<int> made{0};
  BatchLoader loader(
      [&made](int64_t index) {
        ++made;
        return Numbered(index);
      },
      10, 2, 4);
  constexpr int64_t kEach = 500;
  const auto call = [&loader](int64_t first) {
    for (int64_t i = 0; i < kEach; ++i)
      EXPECT_EQ(loader.Get(first + 2 * i)->characters, first + 2 * i);
  };
  std::thread other(call, 1);
  call(0);
  other.join();
  EXPECT_GE(made, 2 * kEach);
}

// Callers in step, as replicas are: nothing is made twice.
TEST(BatchLoaderTest, MakesEachBatchOnceForCallersInStep) {
  std::atomic<int> made{0};
  {
    BatchLoader loader(
        [&made](int64_t index) {
          ++made;
          return Numbered(index);
        },
        10, 2, 4);
    for (int64_t step = 0; step < 200; ++step) {
      std::thread other([&] { EXPECT_EQ(loader.Get(2 * step + 1)->characters, 2 * step + 1); });
      EXPECT_EQ(loader.Get(2 * step)->characters, 2 * step);
      other.join();
    }
  }
  EXPECT_GE(made, 400);
  EXPECT_LE(made, 400 + 4);  // and those ahead at the end
}

TEST(BatchLoaderTest, StaysWithinItsBound) {
  std::atomic<int64_t> highest{-1};
  BatchLoader loader(
      [&highest](int64_t index) {
        int64_t before = highest;
        while (before < index && !highest.compare_exchange_weak(before, index)) {
        }
        return Numbered(index);
      },
      10, 3, 4);
  std::this_thread::yield();
  EXPECT_EQ(highest, -1) << "nothing before the first call";
  for (int64_t index = 0; index < 100; ++index) {
    ASSERT_TRUE(loader.Get(index).ok());
    EXPECT_LE(highest, index + 4);
  }
}

TEST(BatchLoaderTest, HandsOnErrors) {
  BatchLoader loader(
      [](int64_t index) -> absl::StatusOr<Batch> {
        if (index % 3 == 2) return absl::DataLossError("batch " + std::to_string(index));
        return Numbered(index);
      },
      10, 2, 4);
  for (int64_t index = 0; index < 30; ++index) {
    const auto batch = loader.Get(index);
    EXPECT_EQ(batch.ok(), index % 3 != 2);
    if (!batch.ok()) {
      EXPECT_EQ(batch.status().message(), "batch " + std::to_string(index));
    }
  }
}

TEST(BatchLoaderTest, EndsWithBatchesUntakenAndUnmade) {
  for (int i = 0; i < 50; ++i) {
    BatchLoader loader(Numbered, 10, 3, 8);
    if (i % 2 == 0) {
      ASSERT_TRUE(loader.Get(i).ok());
    }
  }
}

}  // namespace
}  // namespace rill::training
