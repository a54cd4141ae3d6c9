// The states of streams on a CUDA device: more of them than it has slots, and what happens when
// memory runs out or the device fails. See tests/kernels/cuda/cuda_testing.h.
#include <gmock/gmock.h>

#include <algorithm>
#include <random>
#include <thread>
#include <utility>
#include <vector>

#include "tests/model/cuda_encoder_fixture.h"

namespace rill {
namespace {

using ::testing::HasSubstr;

constexpr int kChunks[] = {1, 2, 4, 8, 16};

class CudaStatesTest : public CudaEncoderTest {
 protected:
  size_t state_bytes() const { return static_cast<size_t>(cpu_->layout().total) * sizeof(float); }
};

// Two workers do the same: one has a device slot for every stream, the other one for few.
TEST_F(CudaStatesTest, AStateThatWasMovedIsTheSameBits) {
  constexpr int kStreams = 8, kFrames = 400;
  ASSERT_TRUE(Load(SmallConfig(), /*bfloat16=*/true).ok());
  for (const int device_slots : {1, 3, 7}) {
    auto few = MakeCuda({.device_streams = device_slots});
    ASSERT_TRUE(few.ok()) << few.status();
    std::unique_ptr<EncoderWorker> workers[] = {*cuda_->NewWorker(kStreams),
                                                *(*few)->NewWorker(kStreams)};
    EXPECT_EQ(workers[0]->state_slots().host, 0);
    EXPECT_EQ(workers[1]->state_slots().device, device_slots);
    EXPECT_EQ(workers[1]->state_slots().host, kStreams - device_slots + 1);
    std::vector<EncoderStream> streams[2];
    for (int time = 0; time < 40; ++time) {
      const size_t open = streams[0].size(), any = open == 0 ? 0 : random() % open;
      const int action = static_cast<int>(random() % 8);
      if (open == 0 || (action == 0 && open < kStreams)) {
        const int chunk = kChunks[random() % 5];
        const uint32_t seed = static_cast<uint32_t>(random());
        for (int w : {0, 1}) streams[w].push_back(Open(*workers[w], kFrames, chunk, seed));
      } else if (action == 1) {
        for (int w : {0, 1}) {
          workers[w]->Release(streams[w][any].slot);
          streams[w].erase(streams[w].begin() + static_cast<int64_t>(any));
        }
      } else if (action == 2) {
        // To another slot, of the other worker's state: they are the same.
        const std::vector<float> states[] = {State(*workers[0], streams[0][any].slot),
                                             State(*workers[1], streams[1][any].slot)};
        ASSERT_EQ(states[0], states[1]);
        for (int w : {0, 1}) {
          workers[w]->Release(streams[w][any].slot);
          streams[w][any].slot = *workers[w]->Acquire();
          ASSERT_TRUE(workers[w]->WriteState(streams[w][any].slot, states[1 - w]).ok());
        }
      } else {
        std::vector<size_t> order(open);
        std::iota(order.begin(), order.end(), size_t{0});
        std::shuffle(order.begin(), order.end(), random);
        order.resize(1 + random() % open);
        std::vector<int> frames;
        for (const size_t i : order) {
          frames.push_back(streams[0][i].chunk * static_cast<int>(random() % 2));
        }
        for (int w : {0, 1}) {
          std::vector<EncoderStream*> pointers;
          for (const size_t i : order) {
            streams[w][i].log_probs.clear();
            pointers.push_back(&streams[w][i]);
          }
          Step(*workers[w], pointers, frames);
        }
        for (const size_t i : order) ASSERT_EQ(streams[0][i].log_probs, streams[1][i].log_probs);
      }
    }
    for (size_t i = 0; i < streams[0].size(); ++i) {
      EXPECT_EQ(State(*workers[0], streams[0][i].slot), State(*workers[1], streams[1][i].slot));
    }
    EXPECT_EQ(workers[0]->slots_in_use(), workers[1]->slots_in_use());
  }
}

TEST_F(CudaStatesTest, ASlotThatIsUsedAgainBeginsAnew) {
  ASSERT_TRUE(Load(SmallConfig(), /*bfloat16=*/true).ok());
  const auto few = MakeCuda({.device_streams = 2});
  auto cpu = *cpu_->NewWorker(1), worker = *(*few)->NewWorker(4);
  const std::vector<float> initial = State(*cpu, *cpu->Acquire());
  std::vector<EncoderStream> streams;
  for (uint32_t i = 0; i < 4; ++i) streams.push_back(Open(*worker, 4, 4, i));
  for (EncoderStream& stream : streams) Step(*worker, {&stream}, {4});
  for (const EncoderStream& stream : streams) EXPECT_NE(State(*worker, stream.slot), initial);
  for (const EncoderStream& stream : streams) worker->Release(stream.slot);
  for (int i = 0; i < 4; ++i) EXPECT_EQ(State(*worker, *worker->Acquire()), initial);
}

TEST_F(CudaStatesTest, WorkersShareTheSlotsOfTheDevice) {
  ASSERT_TRUE(Load(SmallConfig(), /*bfloat16=*/true).ok());
  const auto slots = [&](int workers, int device_streams) {
    const auto backend = MakeCuda({.workers = workers, .device_streams = device_streams});
    return (*(*backend)->NewWorker(10))->state_slots();
  };
  EXPECT_EQ(slots(1, 0).device, 10);
  EXPECT_EQ(slots(1, 0).host, 0);
  EXPECT_EQ(slots(3, 12).device, 4);
  EXPECT_EQ(slots(3, 12).host, 7);
  EXPECT_EQ(slots(3, 100).device, 10);
  EXPECT_EQ(slots(3, 1).device, 1);  // at least one each
}

// Two workers step on threads of their own, and have their states moved, while for each of them
// another thread saves and restores a stream of its own. On the host the processor's workers do it:
// the model of CUDA has one thread.
TEST_F(CudaStatesTest, ThreadsDoNotDisturbEachOther) {
  constexpr int kFrames = 40, kSaves = 30;
  ASSERT_TRUE(Load(SmallConfig(), /*bfloat16=*/true).ok());
#ifdef RILL_CUDA_ON_HOST
  const EncoderBackend& backend = *cpu_;
#else
  const auto few = MakeCuda({.workers = 2, .device_streams = 4});
  ASSERT_TRUE(few.ok()) << few.status();
  const EncoderBackend& backend = **few;
#endif
  std::unique_ptr<EncoderWorker> workers[] = {*backend.NewWorker(3), *backend.NewWorker(3)};
  const std::vector<float> wanted[] = {Alone(*workers[0], kFrames, 4, 0),
                                       Alone(*workers[0], kFrames, 4, 1)};
  std::vector<EncoderStream> streams;
  for (auto& worker : workers) {
    for (uint32_t seed : {0, 1}) streams.push_back(Open(*worker, kFrames, 4, seed));
  }
  std::vector<std::thread> threads;
  for (int w : {0, 1}) {
    threads.emplace_back([&, w] {
      EncoderStream* const pair[] = {&streams[2 * w], &streams[2 * w + 1]};
      for (int done = 0; done < kFrames; done += 4) {
        for (EncoderStream* stream : pair) Step(*workers[w], {stream}, {4});
      }
    });
    threads.emplace_back([&, w] {
      std::vector<float> state(static_cast<size_t>(cpu_->layout().total), static_cast<float>(w));
      for (int i = 0; i < kSaves; ++i) {
        const int slot = *workers[w]->Acquire();
        state[static_cast<size_t>(i)] += 1.0f;
        EXPECT_TRUE(workers[w]->WriteState(slot, state).ok());
        EXPECT_EQ(State(*workers[w], slot), state);
        workers[w]->Release(slot);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (size_t i = 0; i < streams.size(); ++i) EXPECT_EQ(streams[i].log_probs, wanted[i % 2]) << i;
}

#ifdef RILL_CUDA_ON_HOST
// Puts back what the tests below change.
class CudaMemoryTest : public CudaStatesTest {
 protected:
  void SetUp() override {
    CudaStatesTest::SetUp();
    free_device_bytes_ = cuda_on_host::free_device_bytes;
    free_pinned_bytes_ = cuda_on_host::free_pinned_bytes;
  }
  void TearDown() override {
    cuda_.reset();  // gives back what it has taken
    cuda_on_host::free_device_bytes = free_device_bytes_;
    cuda_on_host::free_pinned_bytes = free_pinned_bytes_;
    cuda_on_host::device_error = cuda_on_host::copy_error = cudaSuccess;
  }

 private:
  size_t free_device_bytes_ = 0, free_pinned_bytes_ = 0;
};

TEST_F(CudaMemoryTest, WhatDoesNotFitOnTheDeviceWaitsInTheHostsMemory) {
  ASSERT_TRUE(Load(SmallConfig(), /*bfloat16=*/false).ok());
  constexpr size_t kFree = 48 << 20;
  cuda_on_host::free_device_bytes = kFree;
  StateSlots slots[2];
  for (int workers : {1, 2}) {
    const auto backend =
        MakeCuda({.precision = kernels::MatmulPrecision::kFloat, .workers = workers});
    ASSERT_TRUE(backend.ok()) << backend.status();
    std::vector<std::unique_ptr<EncoderWorker>> made;
    for (int i = 0; i < workers; ++i) {
      auto worker = (*backend)->NewWorker(5000);
      ASSERT_TRUE(worker.ok()) << worker.status();
      made.push_back(*std::move(worker));
      slots[workers - 1] = made.back()->state_slots();
      EXPECT_EQ(made.back()->slots(), 5000);
      EXPECT_EQ(slots[workers - 1].device + slots[workers - 1].host, 5001);
    }
    EXPECT_GE(cuda_on_host::free_device_bytes, kFree / 16);  // what is to stay free
    EXPECT_LT(cuda_on_host::free_device_bytes, kFree / 16 + 3 * state_bytes() + (8 << 20));
  }
  EXPECT_GT(slots[0].device, 100);
  EXPECT_GT(slots[1].device, 10);
  EXPECT_LE(slots[1].device, slots[0].device / 2);
}

TEST_F(CudaMemoryTest, TooLittlePinnedMemoryIsAnErrorThatSaysWhatIsMissing) {
  ASSERT_TRUE(Load(SmallConfig(), /*bfloat16=*/true).ok());
  const auto few = MakeCuda({.device_streams = 2});
  const size_t free = cuda_on_host::free_device_bytes;
  cuda_on_host::free_pinned_bytes = 10 * state_bytes();
  const absl::Status status = (*few)->NewWorker(100).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(status.message()), HasSubstr("of 100 streams, cuda:0"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("for the states of 2, and the host has no"));
  EXPECT_EQ(cuda_on_host::free_pinned_bytes, 10 * state_bytes());  // nothing is kept
  EXPECT_EQ(cuda_on_host::free_device_bytes, free);
}

TEST_F(CudaMemoryTest, ADeviceWithoutMemoryForAStateIsAnError) {
  ASSERT_TRUE(Load(SmallConfig(), /*bfloat16=*/true).ok());
  size_t before = cuda_on_host::free_device_bytes;
  size_t needed = 0;  // but for states
  {
    const auto worker = *cuda_->NewWorker(1);
    needed = before - cuda_on_host::free_device_bytes - state_bytes();
  }
  const auto weights = MakeCuda({});
  needed += before - cuda_on_host::free_device_bytes;
  cuda_on_host::free_device_bytes = before = needed + state_bytes() / 2;
  {
    const auto full = MakeCuda({});
    ASSERT_TRUE(full.ok()) << full.status();
    const absl::Status status = (*full)->NewWorker(4).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
    EXPECT_THAT(std::string(status.message()), HasSubstr("no memory for the states of 1 streams"));
  }
  EXPECT_EQ(cuda_on_host::free_device_bytes, before);
}

TEST_F(CudaMemoryTest, AStepWithoutMemoryLosesNoOtherStream) {
  ASSERT_TRUE(Load(SmallConfig(), /*bfloat16=*/true).ok());
  const auto few = MakeCuda({.device_streams = 2});
  auto worker = *(*few)->NewWorker(4);
  const std::vector<float> wanted = Alone(*worker, 12, 4, 1);
  EncoderStream good = Open(*worker, 12, 4, 1), large = Open(*worker, 96, 16, 2);
  Step(*worker, {&good}, {4});
  const size_t free = std::exchange(cuda_on_host::free_pinned_bytes, 0);
  std::vector<float> log_probs(static_cast<size_t>(96 * vocab()));
  const EncoderRow row = {large.slot, 16, 96, large.features.data()};
  EXPECT_EQ(worker->Step({&row, 1}, log_probs.data()).code(), absl::StatusCode::kResourceExhausted);
  cuda_on_host::free_pinned_bytes = free;
  worker->Release(large.slot);
  EncoderStream others[] = {Open(*worker, 4, 4, 3), Open(*worker, 4, 4, 4)};
  Step(*worker, {&others[0], &others[1]}, {4, 4});  // `good` makes room
  Step(*worker, {&good}, {8});
  EXPECT_EQ(good.log_probs, wanted);
}

TEST_F(CudaMemoryTest, ADeviceThatFailsIsAnError) {
  ASSERT_TRUE(Load(SmallConfig(), /*bfloat16=*/true).ok());
  for (cudaError_t* fails : {&cuda_on_host::device_error, &cuda_on_host::copy_error}) {
    auto worker = *cuda_->NewWorker(2);
    EncoderStream stream = Open(*worker, 4, 4, 1);
    *fails = cudaErrorIllegalAddress;
    std::vector<float> log_probs(static_cast<size_t>(4 * vocab()));
    const EncoderRow row = {stream.slot, 4, 4, stream.features.data()};
    EXPECT_EQ(worker->Step({&row, 1}, log_probs.data()).code(), absl::StatusCode::kInternal);
    if (fails == &cuda_on_host::device_error) {
      EXPECT_EQ(cuda_->NewWorker(1).status().code(), absl::StatusCode::kInternal);
    }
    *fails = cudaSuccess;
    // Nobody knows what became of the states: the worker does not come back.
    std::vector<float> state(state_bytes() / sizeof(float));
    EXPECT_EQ(worker->Step({&row, 1}, log_probs.data()).code(), absl::StatusCode::kInternal);
    EXPECT_EQ(worker->ReadState(stream.slot, absl::MakeSpan(state)).code(),
              absl::StatusCode::kInternal);
    EXPECT_EQ(worker->WriteState(stream.slot, state).code(), absl::StatusCode::kInternal);
    EXPECT_EQ(worker->Acquire().status().code(), absl::StatusCode::kInternal);
    EXPECT_EQ(worker->slots_in_use(), 1);  // what was not acquired is not taken
    worker->Release(stream.slot);
    EXPECT_EQ(worker->slots_in_use(), 0);
  }
}

TEST_F(CudaMemoryTest, ACopyThatFailsInTheMiddleIsAnError) {
  ASSERT_TRUE(Load(SmallConfig(), /*bfloat16=*/true).ok());
  auto worker = *cuda_->NewWorker(2);
  EncoderStream stream = Open(*worker, 4, 4, 1);
  std::vector<float> state = State(*worker, stream.slot);
  cuda_on_host::copy_error = cudaErrorInvalidValue;
  EXPECT_EQ(worker->ReadState(stream.slot, absl::MakeSpan(state)).code(),
            absl::StatusCode::kInternal);
  cuda_on_host::copy_error = cudaSuccess;
  EXPECT_TRUE(worker->ReadState(stream.slot, absl::MakeSpan(state)).ok());  // it was not moved
}
#endif

}  // namespace
}  // namespace rill
