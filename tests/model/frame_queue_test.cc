#include "model/frame_queue.h"

#include <gtest/gtest.h>

#include <random>
#include <thread>

namespace rill {
namespace {

constexpr int kBins = 3;

// Frames whose first bin counts up from `first`.
std::vector<float> Frames(int first, int count) {
  std::vector<float> frames;
  for (int i = 0; i < count; ++i) {
    for (int m = 0; m < kBins; ++m) frames.push_back(static_cast<float>(first + i + 1000 * m));
  }
  return frames;
}

TEST(FrameQueueTest, GivesWholeChunksOnly) {
  FrameQueue queue(kBins);
  std::vector<float> out;
  queue.Push(Frames(0, 7));
  EXPECT_FALSE(queue.ready(8));
  EXPECT_EQ(queue.Take(8, 10, &out).frames, 0);
  queue.Push(Frames(7, 13));
  EXPECT_TRUE(queue.ready(8));
  EXPECT_EQ(queue.size(), 20);
  EXPECT_EQ(queue.Take(8, 1, &out).frames, 8);
  EXPECT_EQ(queue.Take(8, 10, &out).frames, 8);
  EXPECT_EQ(queue.size(), 4);
  EXPECT_FALSE(queue.ready(8));
  EXPECT_EQ(out, Frames(0, 16));
}

TEST(FrameQueueTest, AMarkReleasesThePartialChunkBeforeIt) {
  FrameQueue queue(kBins);
  std::vector<float> out;
  queue.Push(Frames(0, 11));
  queue.PushFlush(5);
  queue.Push(Frames(11, 9));
  EXPECT_EQ(queue.size(), 21);
  FrameQueue::Taken taken = queue.Take(8, 1, &out);
  EXPECT_EQ(taken.frames, 8);
  EXPECT_TRUE(taken.marks.empty());
  taken = queue.Take(8, 1, &out);
  EXPECT_EQ(taken.frames, 3);
  ASSERT_EQ(taken.marks.size(), 1u);
  EXPECT_EQ(taken.marks[0].flush_id, 5u);
  EXPECT_EQ(taken.marks[0].kind, FrameQueue::Mark::Kind::kFlush);
  taken = queue.Take(8, 1, &out);
  EXPECT_EQ(taken.frames, 8);
  queue.PushEnd();
  taken = queue.Take(8, 1, &out);
  EXPECT_EQ(taken.frames, 1);
  ASSERT_EQ(taken.marks.size(), 1u);
  EXPECT_EQ(taken.marks[0].kind, FrameQueue::Mark::Kind::kEnd);
  EXPECT_EQ(out, Frames(0, 20));
  EXPECT_EQ(queue.size(), 0);
}

TEST(FrameQueueTest, MarksAloneMakeItReady) {
  FrameQueue queue(kBins);
  std::vector<float> out;
  EXPECT_FALSE(queue.ready(8));
  queue.PushFlush(1);
  queue.PushFlush(2);
  queue.PushEnd();
  EXPECT_TRUE(queue.ready(8));
  EXPECT_EQ(queue.size(), 3);
  const FrameQueue::Taken taken = queue.Take(8, 1, &out);
  EXPECT_EQ(taken.frames, 0);
  ASSERT_EQ(taken.marks.size(), 3u);
  EXPECT_EQ(taken.marks[1].flush_id, 2u);
  EXPECT_EQ(taken.marks[2].kind, FrameQueue::Mark::Kind::kEnd);
  EXPECT_FALSE(queue.ready(8));
}

TEST(FrameQueueTest, TwoThreadsLoseNothing) {
  FrameQueue queue(kBins);
  constexpr int kTotal = 20000;
  std::thread client([&queue] {
    std::mt19937 random(1);
    for (int pushed = 0; pushed < kTotal;) {
      const int count = std::min<int>(static_cast<int>(random() % 40), kTotal - pushed);
      queue.Push(Frames(pushed, count));
      pushed += count;
      if (random() % 8 == 0) queue.PushFlush(pushed);
    }
    queue.PushEnd();
  });
  std::vector<float> out;
  for (bool ended = false; !ended;) {
    for (const FrameQueue::Mark& mark : queue.Take(16, 2, &out).marks) {
      ended = mark.kind == FrameQueue::Mark::Kind::kEnd;
      if (!ended) {
        EXPECT_EQ(mark.flush_id, out.size() / kBins);
      }
    }
  }
  client.join();
  EXPECT_EQ(out, Frames(0, kTotal));
}

TEST(FrameQueueTest, HotWordsReleaseNothingAndComeWithTheFramesAfterThem) {
  using Kind = FrameQueue::Mark::Kind;
  FrameQueue queue(kBins);
  std::vector<float> out;
  queue.PushHotWords(nullptr, 0);
  EXPECT_FALSE(queue.ready(8));
  queue.Push(Frames(0, 3));
  queue.PushHotWords(nullptr, 10 * kBins * sizeof(float));
  EXPECT_EQ(queue.size(), 1 + 3 + 11);  // by their memory
  EXPECT_FALSE(queue.ready(8));
  FrameQueue::Taken taken = queue.Take(8, 1, &out);
  EXPECT_EQ(taken.frames, 0);
  EXPECT_EQ(taken.marks.size(), 1u);  // those at the very beginning
  queue.Push(Frames(3, 6));
  queue.PushFlush(1);
  queue.PushHotWords(nullptr, 0);
  EXPECT_TRUE(queue.ready(8));
  taken = queue.Take(8, 1, &out);
  EXPECT_EQ(taken.frames, 8);
  ASSERT_EQ(taken.marks.size(), 1u);
  EXPECT_EQ(taken.marks[0].kind, Kind::kHotWords);
  EXPECT_EQ(taken.marks[0].position, 3);
  taken = queue.Take(8, 1, &out);
  EXPECT_EQ(taken.frames, 1);
  ASSERT_EQ(taken.marks.size(), 2u);
  EXPECT_EQ(taken.marks[0].kind, Kind::kFlush);
  EXPECT_EQ(taken.marks[1].kind, Kind::kHotWords);
  EXPECT_EQ(queue.size(), 0);
}

}  // namespace
}  // namespace rill
