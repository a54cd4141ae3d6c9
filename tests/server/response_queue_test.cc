#include "server/services/response_queue.h"

#include <gmock/gmock.h>

#include <string>
#include <vector>

namespace rill::server {
namespace {

struct Message {
  std::string text;
  size_t ByteSizeLong() const { return text.size(); }
};

std::string PopAll(ResponseQueue<Message>* queue) {
  std::string all;
  while (!queue->empty()) all += queue->Pop().text + " ";
  return all;
}

TEST(ResponseQueueTest, KeepsOrder) {
  ResponseQueue<Message> queue(1000);
  queue.Push({"a"}, Weight::kLasting);
  queue.Push({"b"}, Weight::kLasting);
  EXPECT_EQ(PopAll(&queue), "a b ");
}

TEST(ResponseQueueTest, LaterResponsesReplaceLighterOnes) {
  ResponseQueue<Message> queue(1000);
  queue.Push({"final1"}, Weight::kLasting);
  queue.Push({"interim1"}, Weight::kInterim);
  queue.Push({"progress1"}, Weight::kProgress);
  queue.Push({"interim2"}, Weight::kInterim);
  queue.Push({"progress2"}, Weight::kProgress);
  queue.Push({"progress3"}, Weight::kProgress);
  EXPECT_EQ(queue.size(), 3u);
  queue.Push({"final2"}, Weight::kLasting);
  queue.Push({"interim3"}, Weight::kInterim);
  queue.Push({"progress4"}, Weight::kProgress);
  EXPECT_EQ(PopAll(&queue), "final1 final2 interim3 progress4 ");
}

// An interim result that was told is not told again, so only words may take its place.
TEST(ResponseQueueTest, MarksReplaceProgressOnly) {
  ResponseQueue<Message> queue(1000);
  queue.Push({"interim1"}, Weight::kInterim);
  queue.Push({"progress1"}, Weight::kProgress);
  queue.Push({"mark1"}, Weight::kMark);
  queue.Push({"interim2"}, Weight::kInterim);
  queue.Push({"mark2"}, Weight::kMark);
  queue.Push({"final"}, Weight::kLasting);
  EXPECT_EQ(PopAll(&queue), "interim1 mark1 interim2 mark2 final ");
}

TEST(ResponseQueueTest, FullAndLowCountBytes) {
  const size_t overhead = sizeof(Message);
  ResponseQueue<Message> queue(4 * (100 + overhead));
  for (int i = 0; i < 4; ++i) {
    EXPECT_FALSE(queue.full());
    queue.Push({std::string(100, 'x')}, Weight::kLasting);
  }
  EXPECT_TRUE(queue.full());
  for (int i = 0; i < 3; ++i) {
    EXPECT_FALSE(queue.low());
    queue.Pop();
  }
  EXPECT_TRUE(queue.low());
  // What was replaced does not count.
  for (int i = 0; i < 100; ++i) queue.Push({std::string(100, 'x')}, Weight::kInterim);
  EXPECT_FALSE(queue.full());
  queue.Clear();
  EXPECT_TRUE(queue.low());
}

}  // namespace
}  // namespace rill::server
