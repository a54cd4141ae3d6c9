#include "kernels/cuda/glu_conv.h"

#include "tests/kernels/cuda/cuda_testing.h"

namespace rill::kernels::cuda {
namespace {

// A layer's taps, the streams' tails and a step's input.
template <typename T>
struct Step {
  Step(std::vector<int32_t> slots, std::vector<int32_t> frames, int64_t width, int64_t kernel,
       std::mt19937& random)
      : rows(std::move(slots), std::move(frames)),
        width(width),
        kernel(kernel),
        slot_stride((kernel - 1) * width + 8),
        x(RandomArray<T>(rows.total() * 2 * width, random)),
        taps(RandomArray<float>(kernel * width, random)),
        arena(RandomArray<float>(rows.num_slots() * slot_stride, random)) {}

  void RunTwin() {
    y.assign(rows.total() * width, 0.0f);
    const std::vector<float> input = ToFloats(x);
    for (size_t row = 0; row < rows.slots.size(); ++row) {
      if (rows.slots[row] < 0) continue;
      kernels::GluConvStep(
          rows.frames[row], width, kernel, input.data() + rows.starts[row] * 2 * width, taps.data(),
          arena.data() + rows.slots[row] * slot_stride, y.data() + rows.starts[row] * width);
    }
  }

  void RunKernel() {
    DeviceArray<T> device_x(x);
    DeviceArray<float> device_taps(taps), device_arena(arena), device_y(rows.total() * width);
    const DeviceRows device_rows(rows);
    ASSERT_EQ(GluConvStep(device_rows.view(), width, kernel, device_x.data(), device_taps.data(),
                          {device_arena.data(), slot_stride}, device_y.data(), nullptr),
              cudaSuccess);
    arena = device_arena.Get();
    y = device_y.Get();
  }

  TestRows rows;
  int64_t width, kernel, slot_stride;
  std::vector<T> x;
  std::vector<float> taps, arena, y;
};

class CudaGluConvTest : public CudaTest {
 protected:
  template <typename T>
  void ExpectTwinsAgree(std::vector<int32_t> slots, std::vector<int32_t> frames, int64_t width,
                        int64_t kernel) {
    SCOPED_TRACE(::testing::Message() << "width " << width << ", kernel " << kernel);
    Step<T> device(slots, frames, width, kernel, random);
    Step<T> host = device;
    host.RunTwin();
    device.RunKernel();
    ExpectNear(device.arena, ToDoubles(host.arena), 1.0, 1e-5);
    ExpectNear(device.y, ToDoubles(host.y), 1.0, 1e-5);
  }
};

TEST_F(CudaGluConvTest, EqualsTheTwin) {
  for (const int64_t width : {4, 60, 64, 68, 160}) {
    ExpectTwinsAgree<float>({2, -1, 0, 4}, {8, 3, 1, 16}, width, 15);
    ExpectTwinsAgree<BFloat16>({1, 0}, {4, 7}, width, 15);
  }
}

TEST_F(CudaGluConvTest, EqualsTheTwinForEveryKernelAndLength) {
  for (const int64_t kernel : {1, 2, 3, 31, 32}) {
    ExpectTwinsAgree<float>({3, 1, -1, 0, 2}, {0, 17, 20, 33, 48}, 72, kernel);
  }
}

TEST_F(CudaGluConvTest, DoesNotDependOnTheCut) {
  Step<float> whole({1}, {40}, 20, 15, random);
  Step<float> cut = whole;
  whole.RunKernel();
  int32_t first = 0;
  for (const int32_t frames : {1, 16, 0, 3, 20}) {
    Step<float> step = cut;
    step.rows = TestRows({1}, {frames});
    step.x.assign(cut.x.begin() + first * 40, cut.x.begin() + (first + frames) * 40);
    step.RunKernel();
    cut.arena = step.arena;
    cut.y.insert(cut.y.end(), step.y.begin(), step.y.end());
    first += frames;
  }
  EXPECT_EQ(cut.y, whole.y);
  EXPECT_EQ(cut.arena, whole.arena);
}

TEST_F(CudaGluConvTest, RefusesWhatItCannot) {
  const StepRows none = {};
  const float* x = nullptr;
  EXPECT_EQ(GluConvStep(none, 18, 15, x, nullptr, {}, nullptr, nullptr), cudaErrorInvalidValue);
  EXPECT_EQ(GluConvStep(none, 16, 33, x, nullptr, {}, nullptr, nullptr), cudaErrorInvalidValue);
  EXPECT_EQ(GluConvStep(none, 16, 0, x, nullptr, {}, nullptr, nullptr), cudaErrorInvalidValue);
  EXPECT_EQ(GluConvStep(none, 16, 15, x, nullptr, {}, nullptr, nullptr), cudaSuccess);
}

}  // namespace
}  // namespace rill::kernels::cuda
