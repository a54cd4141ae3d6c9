#include "model/encoder/device.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/encoder/cuda_plugin.h"
#include "tests/model/test_model.h"
#include "tests/temporary_folder.h"

namespace rill {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;

TEST(DeviceTest, NamesThatAreAccepted) {
  for (const char* name : {"auto", "cpu", "cuda", "cuda:0", "cuda:7"}) {
    EXPECT_TRUE(CheckDeviceName(name).ok()) << name;
  }
  for (const char* name : {"", "gpu", "cuda:", "cuda:-1", "cuda:x", "cuda:1x", "cuda:9999999999",
                           "cuda:4000", "CPU", "cpu:0"}) {
    const absl::Status status = CheckDeviceName(name);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << name;
    EXPECT_THAT(std::string(status.message()), HasSubstr("auto, cpu, cuda"));
  }
}

TEST(DeviceTest, AutoIsTheProcessorWhereThereIsNoGpu) {
  absl::Status no_cuda;
  const auto device = ChooseDevice("auto", &no_cuda);
  ASSERT_TRUE(device.ok()) << device.status();
  EXPECT_EQ(device->kind, no_cuda.ok() ? Device::Kind::kCuda : Device::Kind::kCpu);
  if (no_cuda.ok()) GTEST_SKIP() << "this machine has a GPU";
  EXPECT_THAT(std::string(no_cuda.message()),
              AnyOf(HasSubstr("this installation has no CUDA"), HasSubstr("no NVIDIA driver"),
                    HasSubstr("CUDA finds no device")));
  EXPECT_EQ(ChooseDevice("cuda", &no_cuda).status(), no_cuda);
  EXPECT_EQ(ChooseDevice("cuda:3", &no_cuda).status(), no_cuda);
}

TEST(DeviceTest, TheProcessorAlwaysWorks) {
  const TemporaryFolder folder;
  ASSERT_TRUE(WriteTestModel(folder / "tiny.safetensors").ok());
  const auto file = ModelFile::Open(folder / "tiny.safetensors");
  ASSERT_TRUE(file.ok()) << file.status();
  absl::Status no_cuda;
  const auto backend = MakeEncoderBackend(**file, {}, *ChooseDevice("cpu", &no_cuda));
  ASSERT_TRUE(backend.ok()) << backend.status();
  EXPECT_THAT((*backend)->device(), ::testing::StartsWith("cpu ("));
}

TEST(CudaPluginTest, WhatIsNoPluginIsRefused) {
  EXPECT_EQ(OpenEncoderPlugin("/nowhere.so").status().code(),
            absl::StatusCode::kFailedPrecondition);
  const absl::Status status = OpenEncoderPlugin("libm.so.6").status();  // a library, but not ours
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("libm.so.6 is not of rill"));
}

// Where nvcc has built it: it loads, with all it needs, and finds devices or says why not.
TEST(CudaPluginTest, ThePluginOfThisBuildLoads) {
#ifdef RILL_CUDA_PLUGIN
  const auto plugin = OpenEncoderPlugin(RILL_CUDA_PLUGIN);
  ASSERT_TRUE(plugin.ok()) << plugin.status();
  const absl::StatusOr<int> count = (*plugin)->count_devices();
  if (count.ok()) GTEST_SKIP() << "this machine has a GPU";
  EXPECT_EQ(count.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(count.status().message()), HasSubstr("CUDA finds no device"));
  const ModelConfig config = TinyModelConfig();
  const EncoderModel model = {config, StateLayout(config), {}, nullptr};
  EXPECT_EQ((*plugin)->make_backend(model, {}, 0).status(), count.status());
#else
  GTEST_SKIP() << "built without nvcc";
#endif
}

}  // namespace
}  // namespace rill
