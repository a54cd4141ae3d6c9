// The model of CUDA's execution itself: what it lets pass, and what it must catch.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <vector>

#include "kernels/cuda/launch.h"

namespace rill::kernels::cuda {
namespace {

using ::testing::HasSubstr;

// What the launch throws; empty if nothing.
template <typename... Parameters, typename... Arguments>
std::string ErrorOf(void (*kernel)(Parameters...), dim3 grid, int threads, size_t shared,
                    Arguments... arguments) {
  try {
    Launch(kernel, grid, threads, shared, nullptr, arguments...);
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "";
}

__global__ void NumberThreads(int* out) {
  out[(blockIdx.y * gridDim.x + blockIdx.x) * blockDim.x + threadIdx.x] =
      static_cast<int>(100 * blockIdx.y + 10 * blockIdx.x + threadIdx.x);
}

TEST(CudaOnHostTest, RunsEveryThreadOfEveryBlock) {
  std::vector<int> out(2 * 3 * 4, -1);
  ASSERT_EQ(Launch(NumberThreads, dim3(3, 2), 4, 0, nullptr, out.data()), cudaSuccess);
  for (int i = 0; i < 24; ++i) EXPECT_EQ(out[i], i / 12 * 100 + i / 4 % 3 * 10 + i % 4);
}

__global__ void ReverseBlock(const float* in, float* out) {
  float* const shared = BlockShared<float>();
  shared[threadIdx.x] = in[threadIdx.x];
  __syncthreads();
  out[threadIdx.x] = shared[blockDim.x - 1 - threadIdx.x];
}

__global__ void ReverseBlockWithoutBarrier(const float* in, float* out) {
  float* const shared = BlockShared<float>();
  shared[threadIdx.x] = in[threadIdx.x];
  out[threadIdx.x] = shared[blockDim.x - 1 - threadIdx.x];
}

TEST(CudaOnHostTest, AMissingBarrierShows) {
  std::vector<float> in(256), out(256);
  for (int i = 0; i < 256; ++i) in[i] = static_cast<float>(i);
  const std::vector<float> reversed(in.rbegin(), in.rend());
  for (uint32_t seed = 0; seed < 20; ++seed) {
    cuda_on_host::Seed(seed);
    Launch(ReverseBlock, 1, 256, 256 * sizeof(float), nullptr, in.data(), out.data());
    EXPECT_EQ(out, reversed);
    Launch(ReverseBlockWithoutBarrier, 1, 256, 256 * sizeof(float), nullptr, in.data(), out.data());
    EXPECT_NE(out, reversed);
  }
}

// Lanes that wait for each other must not keep warps in step.
__global__ void ReverseBlockAfterExchanges(const float* in, float* out) {
  float* const shared = BlockShared<float>();
  shared[threadIdx.x] = in[threadIdx.x];
  for (int i = 0; i < 20; ++i) __syncwarp();
  out[threadIdx.x] = shared[blockDim.x - 1 - threadIdx.x];
}

TEST(CudaOnHostTest, WarpsGetAheadOfOthers) {
  std::vector<float> in(256, 1.0f), out(256);
  int differed = 0;
  for (uint32_t seed = 0; seed < 20; ++seed) {
    cuda_on_host::Seed(seed);
    Launch(ReverseBlockAfterExchanges, 1, 256, 256 * sizeof(float), nullptr, in.data(), out.data());
    differed += out != in;
  }
  EXPECT_GE(differed, 5);
}

__global__ void ReadShared(float* out) { *out = BlockShared<float>()[3]; }

TEST(CudaOnHostTest, SharedMemoryStartsAsNan) {
  float out = 0.0f;
  Launch(ReadShared, 1, 1, 4 * sizeof(float), nullptr, &out);
  EXPECT_NE(out, out);
}

__global__ void SumWarp(int* out) {
  int sum = static_cast<int>(threadIdx.x);
  for (int apart = 16; apart > 0; apart /= 2) sum += __shfl_xor_sync(0xFFFFFFFFu, sum, apart);
  out[threadIdx.x] = sum + 1000 * __shfl_sync(0xFFFFFFFFu, static_cast<int>(threadIdx.x), 5, 8);
}

TEST(CudaOnHostTest, LanesExchangeValues) {
  std::vector<int> out(64);
  Launch(SumWarp, 1, 64, 0, nullptr, out.data());
  for (int i = 0; i < 64; ++i) {
    EXPECT_EQ(out[i], 496 + i / 32 * 1024 + 1000 * (i / 8 * 8 + 5));
  }
}

__global__ void LeaveBeforeBarrier() {
  if (threadIdx.x == 7) return;
  __syncthreads();
}
__global__ void WaitAtTwoBarriers() {
  if (threadIdx.x < 16) {
    __syncthreads();
  } else {
    __syncthreads();
  }
}
__global__ void LeaveBeforeExchange() {
  if (threadIdx.x < 31) __syncwarp();
}
__global__ void ReadUnnamedLane(unsigned mask) { __shfl_sync(mask, 1, 3); }

TEST(CudaOnHostTest, NamesThreadsThatWaitForever) {
  const std::string left = ErrorOf(LeaveBeforeBarrier, 1, 64, 0);
  EXPECT_THAT(left, HasSubstr("thread 7 has returned"));
  EXPECT_THAT(left, HasSubstr("thread 0 (and 62 more) waits for its block at"));
  EXPECT_THAT(left, HasSubstr("on_host_test.cc:"));
  const std::string two = ErrorOf(WaitAtTwoBarriers, 1, 64, 0);
  EXPECT_THAT(two, HasSubstr("thread 0 (and 15 more)"));
  EXPECT_THAT(two, HasSubstr("thread 16 (and 47 more)"));
  EXPECT_THAT(ErrorOf(LeaveBeforeExchange, 1, 32, 0), HasSubstr("waits for its warp"));
  EXPECT_THAT(ErrorOf(LeaveBeforeExchange, 1, 31, 0), HasSubstr("waits for its warp"));
  EXPECT_THAT(ErrorOf(ReadUnnamedLane, 1, 2, 0, 3u), HasSubstr("reads lane 3"));
}

TEST(CudaOnHostTest, RefusesLaunchesThatAGpuWould) {
  EXPECT_THAT(ErrorOf(LeaveBeforeExchange, 1, 1025, 0), HasSubstr("too large"));
  EXPECT_THAT(ErrorOf(LeaveBeforeExchange, dim3(1, 65536), 1, 0), HasSubstr("too large"));
  EXPECT_THAT(ErrorOf(LeaveBeforeExchange, 1, 32, 228 * 1024), HasSubstr("too large"));
  cudaLaunchConfig_t config = {};
  config.dynamicSmemBytes = 64 * 1024;
  EXPECT_THROW(cudaLaunchKernelEx(&config, SumWarp, nullptr), std::runtime_error);
}

#ifdef __SANITIZE_ADDRESS__
__global__ void WriteShared(int at) { BlockShared<float>()[at] = 1.0f; }

TEST(CudaOnHostDeathTest, SharedMemoryEndsWhereTheLaunchSaid) {
  Launch(WriteShared, 1, 1, 4 * sizeof(float), nullptr, 3);
  EXPECT_DEATH(Launch(WriteShared, 1, 1, 4 * sizeof(float), nullptr, 4), "AddressSanitizer");
}
#endif

}  // namespace
}  // namespace rill::kernels::cuda
