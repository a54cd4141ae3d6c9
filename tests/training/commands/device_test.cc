#include "model/training/commands/device.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kernels/cpu/simd.h"

namespace rill::training {
namespace {

using testing::AnyOf;
using testing::HasSubstr;

TEST(DeviceTest, TheProcessorTakesWhatIsFastOrWhatIsAsked) {
  EXPECT_EQ(ModuleOptions("cpu", "float")->compute, at::kFloat);
  EXPECT_EQ(ModuleOptions("cpu", "bf16")->compute, at::kBFloat16);
  EXPECT_EQ(ModuleOptions("cpu", "auto")->compute,
            kernels::HasFastBFloat16() ? at::kBFloat16 : at::kFloat);
  EXPECT_TRUE(ModuleOptions("cpu", "auto")->device.is_cpu());
}

TEST(DeviceTest, UnknownNamesAreNamed) {
  const absl::Status device = ModuleOptions("tpu", "auto").status();
  EXPECT_EQ(device.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(device.message()), HasSubstr("--device tpu: must be cpu or cuda"));
  const absl::Status compute = ModuleOptions("cpu", "fp8").status();
  EXPECT_EQ(compute.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(compute.message()), HasSubstr("--compute fp8"));
}

TEST(DeviceTest, WithoutCudaTheErrorSaysWhatToDo) {
  const auto options = ModuleOptions("cuda", "auto");
  if (options.ok()) GTEST_SKIP() << "this machine has a GPU, and LibTorch its CUDA libraries";
  EXPECT_EQ(options.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(
      std::string(options.status().message()),
      AnyOf(HasSubstr("--device cuda: this LibTorch has no CUDA, or libraries that it needs"),
            HasSubstr("--device cuda: no CUDA device found")));
  EXPECT_THAT(std::string(options.status().message()), HasSubstr("use --device cpu"));
}

}  // namespace
}  // namespace rill::training
