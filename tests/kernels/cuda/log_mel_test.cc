#include "kernels/cuda/log_mel.h"

#include <cmath>

#include "model/features/log_mel.h"
#include "tests/kernels/cuda/cuda_testing.h"
#include "tests/kernels/cuda/device_plan.h"

namespace rill::kernels::cuda {
namespace {

class CudaLogMelTest : public CudaTest {
 protected:
  // A hum, a whistle and noise.
  std::vector<float> Sound(int samples, int rate) {
    std::vector<float> sound = RandomArray<float>(samples, random, 0.01);
    for (int i = 0; i < samples; ++i) {
      const double seconds = static_cast<double>(i) / rate;
      sound[i] +=
          static_cast<float>(0.3 * std::sin(700.0 * seconds) + 0.1 * std::sin(9000.0 * seconds));
    }
    return sound;
  }
};

TEST_F(CudaLogMelTest, EqualsTheTwinAtEveryRate) {
  for (const int rate : {4000, 8000, 16000, 44100, 192000}) {
    SCOPED_TRACE(rate);
    const LogMelOptions options = {.sample_rate = rate, .mel_bins = rate == 4000 ? 23 : 80};
    const auto plan = GetFbankPlan(options);
    const std::vector<float> sound = Sound(plan->window + 4 * plan->shift, rate);
    std::vector<float> want;
    rill::LogMel(options).Accept(sound, &want);
    std::vector<int64_t> starts;
    for (int n = 0; n < 5; ++n) starts.push_back(n * plan->shift);

    DevicePlan device_plan(*plan);
    DeviceArray<float> samples(sound), features(want.size());
    DeviceArray<int64_t> device_starts(starts);
    ASSERT_EQ(LogMel(device_plan.view(), 5, samples.data(), device_starts.data(), features.data(),
                     nullptr),
              cudaSuccess);
    ExpectNear(features.Get(), ToDoubles(want), 1.0, 1e-4);
  }
}

TEST_F(CudaLogMelTest, FramesComeFromAnywhereAndPaddingIsZero) {
  const auto plan = GetFbankPlan({});
  const std::vector<float> sound = Sound(3000, 16000);
  const std::vector<int64_t> starts = {1033, -1, 0, 2600, -1, 7};
  DevicePlan device_plan(*plan);
  DeviceArray<float> samples(sound), features(starts.size() * 80);
  DeviceArray<int64_t> device_starts(starts);
  ASSERT_EQ(LogMel(device_plan.view(), static_cast<int64_t>(starts.size()), samples.data(),
                   device_starts.data(), features.data(), nullptr),
            cudaSuccess);
  std::vector<float> want;
  for (const int64_t start : starts) {
    if (start < 0) {
      want.resize(want.size() + 80, 0.0f);
    } else {
      rill::LogMel({}).Accept({sound.data() + start, static_cast<size_t>(plan->window)}, &want);
    }
  }
  ExpectNear(features.Get(), ToDoubles(want), 1.0, 1e-4);
}

TEST_F(CudaLogMelTest, SilenceIsAtTheFloor) {
  const auto plan = GetFbankPlan({});
  DevicePlan device_plan(*plan);
  DeviceArray<float> samples(std::vector<float>(400, 0.25f)), features(80);
  DeviceArray<int64_t> starts(std::vector<int64_t>{0});
  ASSERT_EQ(LogMel(device_plan.view(), 1, samples.data(), starts.data(), features.data(), nullptr),
            cudaSuccess);
  for (const float value : features.Get()) EXPECT_NEAR(value, std::log(1.1920929e-7), 1e-5);
}

}  // namespace
}  // namespace rill::kernels::cuda
