#include "model/encoder/state_arena.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <set>
#include <thread>

#include "tests/model/test_model.h"

// Sanitizers abort where an allocation fails, unless they are told that the caller can bear it.
extern "C" const char* __asan_default_options() { return "allocator_may_return_null=1"; }
extern "C" const char* __tsan_default_options() { return "allocator_may_return_null=1"; }

namespace rill {
namespace {

std::vector<float> CountingState(const StateLayout& layout) {
  std::vector<float> state(layout.total);
  for (size_t i = 0; i < state.size(); ++i) state[i] = static_cast<float>(i % 1000);
  return state;
}

TEST(StateArenaTest, PartsDoNotOverlapAndBeginOnCacheLines) {
  for (const char* size : {"tiny", "xs", "s", "m"}) {
    const ModelConfig config = *NamedModelConfig(size);
    const StateLayout layout(config);
    int64_t end = 0;
    const auto part = [&](int64_t begin, int64_t floats) {
      EXPECT_GE(begin, end);
      EXPECT_EQ(begin % 16, 0);
      end = begin + floats;
    };
    for (int n = 0; n < config.blocks; ++n)
      part(layout.attention(n), config.heads * (64 * 64 + 64));
    for (int n = 0; n < config.blocks; ++n) {
      part(layout.conv_tail(n), (config.conv_kernel - 1) * config.width);
    }
    part(layout.front1_tail, config.mel_bins);
    part(layout.front2_tail, (config.mel_bins + 1) / 2 * config.front_channels1);
    EXPECT_GE(layout.total, end);
    EXPECT_EQ(layout.total % 16, 0);
  }
}

TEST(StateArenaTest, EverySlotOnceThenExhausted) {
  const StateLayout layout(TinyModelConfig());
  const auto arena = *StateArena::Create(layout, CountingState(layout), 3);
  std::set<int> slots;
  for (int i = 0; i < 3; ++i) slots.insert(*arena->Acquire());
  EXPECT_EQ(slots, (std::set<int>{0, 1, 2}));
  EXPECT_EQ(arena->in_use(), 3);
  EXPECT_EQ(arena->Acquire().status().code(), absl::StatusCode::kResourceExhausted);
  arena->Release(2);
  arena->Release(1);
  EXPECT_EQ(arena->in_use(), 1);
  EXPECT_EQ(*arena->Acquire(), 1);  // the lowest
}

TEST(StateArenaTest, AFreshSlotHoldsTheInitialState) {
  const StateLayout layout(TinyModelConfig());
  const std::vector<float> initial = CountingState(layout);
  const auto arena = *StateArena::Create(layout, initial, 2);
  const auto contents = [&](int slot) {
    return std::vector<float>(arena->slot(slot), arena->slot(slot) + layout.total);
  };
  const int slot = *arena->Acquire();
  EXPECT_EQ(contents(slot), initial);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(arena->slot(slot)) % 64, 0u);
  arena->slot(slot)[5] = -1;
  arena->Release(slot);
  EXPECT_EQ(*arena->Acquire(), slot);
  EXPECT_EQ(contents(slot), initial);
  arena->slot(slot)[5] = -1;
  arena->Reset(slot);
  EXPECT_EQ(contents(slot), initial);
}

TEST(StateArenaTest, MoreSlotsThanThereIsMemoryForAreRefused) {
  const StateLayout layout(*NamedModelConfig("m"));  // petabytes: more than addresses go round
  const auto arena =
      StateArena::Create(layout, CountingState(layout), std::numeric_limits<int>::max());
  EXPECT_EQ(arena.status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(arena.status().message(), testing::HasSubstr("--max-streams"));
}

TEST(StateArenaTest, ManyThreadsNeverShareASlot) {
  const StateLayout layout(TinyModelConfig());
  const auto arena = *StateArena::Create(layout, CountingState(layout), 8);
  std::vector<std::thread> threads;
  for (int id = 0; id < 8; ++id) {
    threads.emplace_back([&arena, id] {
      for (int i = 0; i < 200; ++i) {
        const int slot = *arena->Acquire();
        arena->slot(slot)[0] = static_cast<float>(id);
        std::this_thread::yield();
        EXPECT_EQ(arena->slot(slot)[0], static_cast<float>(id));
        arena->Release(slot);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(arena->in_use(), 0);
}

}  // namespace
}  // namespace rill
