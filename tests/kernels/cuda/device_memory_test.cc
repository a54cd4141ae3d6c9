// Memory on the device: see kernels/cuda/device_memory.h and cuda_testing.h.
#include "kernels/cuda/device_memory.h"

#include <numeric>

#include "tests/kernels/cuda/cuda_testing.h"

namespace rill::kernels::cuda {
namespace {

class CudaMemoryOfDeviceTest : public CudaTest {};

TEST_F(CudaMemoryOfDeviceTest, WhatIsCopiedIsThereForEveryStream) {
  std::vector<int32_t> values(3000);
  std::iota(values.begin(), values.end(), 1);
  const size_t bytes = values.size() * sizeof(int32_t);
  cudaStream_t stream;  // waits for nobody
  CheckCuda(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
  for (int n = 0; n < 20; ++n) {
    const auto there = Buffer<int32_t>::Copy(values);
    const auto again = Buffer<int32_t>::Allocate(values.size());
    ASSERT_TRUE(there.ok() && again.ok());
    CheckCuda(
        cudaMemcpyAsync(again->data(), there->data(), bytes, cudaMemcpyDeviceToDevice, stream));
    CheckCuda(cudaStreamSynchronize(stream));
    std::vector<int32_t> back(values.size());
    CheckCuda(cudaMemcpy(back.data(), again->data(), bytes, cudaMemcpyDeviceToHost));
    ASSERT_EQ(back, values);
    std::next_permutation(values.begin(), values.end());
  }
  CheckCuda(cudaStreamDestroy(stream));
}

TEST_F(CudaMemoryOfDeviceTest, NothingTakesNoMemory) {
  const auto device = Buffer<float>::Copy({});
  const auto pinned = Buffer<float, Memory::kPinned>::Allocate(0);
  ASSERT_TRUE(device.ok() && pinned.ok());
  EXPECT_EQ(device->data(), nullptr);
  EXPECT_EQ(pinned->data(), nullptr);
  EXPECT_EQ(device->size() + pinned->size(), 0u);
}

}  // namespace
}  // namespace rill::kernels::cuda
