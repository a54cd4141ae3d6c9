// What the tests of kernels/cuda share. The same sources make two programs: one runs the kernels on
// the model of CUDA's execution in on_host/, in any build; the other, built where there is nvcc, on
// a GPU, and skips its tests where there is none.
#pragma once

#include <cuda_runtime.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <random>
#include <utility>
#include <vector>

#include "kernels/cuda/step_rows.h"
#include "tests/kernels/cuda/device_array.h"
#include "tests/kernels/kernel_testing.h"

namespace rill::kernels::cuda {

class CudaTest : public ::testing::Test {
 protected:
  void SetUp() override {
    int devices = 0;
    const cudaError_t error = cudaGetDeviceCount(&devices);
    if (error != cudaSuccess || devices == 0) {
      GTEST_SKIP() << "no CUDA device: " << cudaGetErrorString(error);
    }
#ifdef RILL_CUDA_ON_HOST
    const char* seed = std::getenv("RILL_CUDA_SEED");  // another order of blocks and threads
    cuda_on_host::Seed(seed == nullptr ? 1 : static_cast<uint32_t>(std::atoi(seed)));
#endif
  }

  std::mt19937 random{1};
};

// The rows of a step.
struct TestRows {
  TestRows(std::vector<int32_t> slots, std::vector<int32_t> frames)
      : slots(std::move(slots)), frames(std::move(frames)) {
    for (const int32_t n : this->frames) starts.push_back(starts.back() + n);
  }

  int64_t total() const { return starts.back(); }
  int32_t num_slots() const { return *std::max_element(slots.begin(), slots.end()) + 1; }

  std::vector<int32_t> slots, frames, starts = {0};
};

class DeviceRows {
 public:
  explicit DeviceRows(const TestRows& rows) : slots_(rows.slots), starts_(rows.starts) {
    view_ = {static_cast<int32_t>(rows.slots.size()), slots_.data(), starts_.data()};
  }
  const StepRows& view() const { return view_; }

 private:
  DeviceArray<int32_t> slots_, starts_;
  StepRows view_;
};

}  // namespace rill::kernels::cuda
