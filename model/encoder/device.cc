#include "model/encoder/device.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "model/encoder/cuda_plugin.h"
#include "model/encoder/initial_state.h"

namespace rill {
namespace {

constexpr int kMostDevices = 1024;

absl::StatusOr<Device> ParseDevice(absl::string_view name) {
  if (name == "cpu") return Device{};
  Device device = {Device::Kind::kCuda, 0};
  if (name == "cuda") return device;
  if (absl::ConsumePrefix(&name, "cuda:") && absl::SimpleAtoi(name, &device.index) &&
      device.index >= 0 && device.index < kMostDevices) {
    return device;
  }
  return absl::InvalidArgumentError(
      absl::StrCat("'", name, "' is none of auto, cpu, cuda and cuda:N"));
}

absl::StatusOr<int> CountCudaDevices() {
  const absl::StatusOr<const EncoderPlugin*> plugin = OpenCudaPlugin();
  if (!plugin.ok()) return plugin.status();
  return (*plugin)->count_devices();
}

}  // namespace

absl::Status CheckDeviceName(absl::string_view name) {
  return name == "auto" ? absl::OkStatus() : ParseDevice(name).status();
}

absl::StatusOr<Device> ChooseDevice(absl::string_view name, absl::Status* no_cuda) {
  if (name != "auto") {
    absl::StatusOr<Device> device = ParseDevice(name);
    if (!device.ok() || device->kind == Device::Kind::kCpu) return device;
    const absl::StatusOr<int> count = CountCudaDevices();
    if (!count.ok()) return count.status();
    if (device->index < *count) return device;
    return absl::InvalidArgumentError(absl::StrCat("the last one is cuda:", *count - 1));
  }
  *no_cuda = CountCudaDevices().status();
  return Device{no_cuda->ok() ? Device::Kind::kCuda : Device::Kind::kCpu, 0};
}

absl::StatusOr<std::unique_ptr<EncoderBackend>> MakeEncoderBackend(const ModelFile& file,
                                                                   const EncoderOptions& options,
                                                                   const Device& device) {
  if (device.kind == Device::Kind::kCpu) return MakeCpuBackend(file, options);
  const absl::StatusOr<const EncoderPlugin*> plugin = OpenCudaPlugin();
  if (!plugin.ok()) return plugin.status();
  const StateLayout layout(file.config());
  return (*plugin)->make_backend({file.config(), layout, InitialState(file, layout),
                                  [&file](const std::string& name) { return file.Tensor(name); }},
                                 options, device.index);
}

}  // namespace rill
