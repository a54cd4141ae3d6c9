#include "kernels/cuda/front_conv.h"

#include <cmath>

#include "tests/kernels/cuda/cuda_testing.h"

namespace rill::kernels::cuda {
namespace {

// The front's weights, the streams' tails and a step's features.
struct Step {
  Step(std::vector<int32_t> slots, std::vector<int32_t> frames, int bins, int channels,
       std::mt19937& random)
      : rows(std::move(slots), std::move(frames)),
        bins(bins),
        channels(channels),
        width0(PaddedBins(bins)),
        width1(PaddedBins(ConvBins(bins)) * channels),
        tail2((width0 + 3) / 4 * 4),
        slot_stride(tail2 + (width1 + 3) / 4 * 4),
        features(RandomArray<float>(4 * rows.total() * bins, random, 3.0)),
        mean(RandomArray<float>(bins, random)),
        inv_std(RandomArray<float>(bins, random)),
        weight(RandomArray<float>(9 * channels, random)),
        bias(RandomArray<float>(channels, random)),
        arena(RandomArray<float>(rows.num_slots() * slot_stride, random)) {}

  int64_t patch() const { return ConvBins(ConvBins(bins)) * 9 * channels; }

  void RunTwin() {
    patches.assign(rows.total() * patch(), 0.0f);
    for (size_t row = 0; row < rows.slots.size(); ++row) {
      if (rows.slots[row] < 0) continue;
      const int64_t frames = rows.frames[row], first = rows.starts[row];
      float* const slot = arena.data() + rows.slots[row] * slot_stride;
      std::vector<float> level0((1 + 4 * frames) * width0), level1((1 + 2 * frames) * width1);
      std::copy_n(slot, width0, level0.begin());
      std::copy_n(slot + tail2, width1, level1.begin());
      NormalizeFeatures(4 * frames, bins, features.data() + 4 * first * bins, mean.data(),
                        inv_std.data(), level0.data() + width0);
      FrontConv(2 * frames, bins, channels, level0.data(), weight.data(), bias.data(),
                level1.data() + width1);
      GatherPatches(frames, ConvBins(bins), channels, level1.data(),
                    patches.data() + first * patch());
      std::copy_n(level0.end() - width0, width0, slot);
      std::copy_n(level1.end() - width1, width1, slot + tail2);
    }
  }

  template <typename T>
  std::vector<T> RunKernel() {
    DeviceArray<float> device_features(features), device_mean(mean), device_inv_std(inv_std);
    DeviceArray<float> device_weight(weight), device_bias(bias), device_arena(arena);
    DeviceArray<T> device_patches(rows.total() * patch());
    const DeviceRows device_rows(rows);
    const FrontWeights weights = {bins,
                                  channels,
                                  device_mean.data(),
                                  device_inv_std.data(),
                                  device_weight.data(),
                                  device_bias.data()};
    EXPECT_EQ(
        FrontPatches(device_rows.view(), weights, device_features.data(),
                     {device_arena.data(), slot_stride}, {device_arena.data() + tail2, slot_stride},
                     device_patches.data(), nullptr),
        cudaSuccess);
    arena = device_arena.Get();
    return device_patches.Get();
  }

  TestRows rows;
  int bins, channels;
  int64_t width0, width1, tail2, slot_stride;
  std::vector<float> features, mean, inv_std, weight, bias, arena, patches;
};

class CudaFrontConvTest : public CudaTest {};

TEST_F(CudaFrontConvTest, EqualsTheTwin) {
  for (const int bins : {8, 9, 10, 11, 80}) {
    for (const int channels : {4, 12, 32}) {
      SCOPED_TRACE(::testing::Message() << bins << " bins, " << channels << " channels");
      Step device({2, -1, 0, 3}, {3, 2, 0, 1}, bins, channels, random);
      Step host = device;
      host.RunTwin();
      const auto rounded = Step(device).RunKernel<BFloat16>();
      const auto patches = device.RunKernel<float>();
      ExpectNear(patches, ToDoubles(host.patches), 1.0);
      ExpectNear(rounded, ToDoubles(host.patches), 1.0);
      ExpectNear(device.arena, ToDoubles(host.arena), 1.0);
    }
  }
}

TEST_F(CudaFrontConvTest, FeaturesAreBounded) {
  Step step({0}, {1}, 8, 4, random);
  step.mean.assign(8, 0.0f), step.inv_std.assign(8, 10.0f);
  for (int i = 24; i < 32; ++i) step.features[i] = i % 2 == 0 ? NAN : -INFINITY;
  step.RunKernel<float>();
  for (int bin = 0; bin < 8; ++bin) {
    EXPECT_EQ(step.arena[1 + bin], bin % 2 == 0 ? kMaxDeviation : -kMaxDeviation);
  }
}

TEST_F(CudaFrontConvTest, RefusesWhatItCannot) {
  FrontWeights weights = {.bins = 80, .channels = 6};
  float* patches = nullptr;
  EXPECT_EQ(FrontPatches({}, weights, nullptr, {}, {}, patches, nullptr), cudaErrorInvalidValue);
  weights = {.bins = 256, .channels = 256};
  EXPECT_EQ(FrontPatches({}, weights, nullptr, {}, {}, patches, nullptr), cudaErrorInvalidValue);
}

}  // namespace
}  // namespace rill::kernels::cuda
