#include "model/encoder/cuda/cuda_backend.h"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "model/encoder/cuda/device_worker.h"

namespace rill::cuda {
namespace {

using kernels::cuda::ToStatus;

// Of the device's memory, a part that is left free: for graphs, and for what CUDA itself takes.
constexpr size_t kReservedPart = 16;

// A worker's part of what is free now.
absl::StatusOr<DeviceShare> ShareDevice(const EncoderOptions& options) {
  size_t free = 0, total = 0;
  const absl::Status status = ToStatus(cudaMemGetInfo(&free, &total), "asking for free memory");
  if (!status.ok()) return status;
  const size_t reserved = std::min(total / kReservedPart, free);
  const int workers = std::max(options.workers, 1);
  const int most = options.device_streams > 0 ? (options.device_streams + workers - 1) / workers
                                              : std::numeric_limits<int>::max();
  return DeviceShare{(free - reserved) / static_cast<size_t>(workers), most};
}

template <typename T>
class CudaBackend final : public EncoderBackend {
 public:
  CudaBackend(std::unique_ptr<const DeviceEncoder<T>> encoder, const Device& device,
              const DeviceShare& share)
      : encoder_(std::move(encoder)), device_(device), share_(share) {}

  const StateLayout& layout() const override { return encoder_->layout(); }
  std::string device() const override { return device_.name; }
  absl::StatusOr<std::unique_ptr<EncoderWorker>> NewWorker(int slots) const override {
    auto worker = DeviceWorker<T>::Create(encoder_.get(), device_, slots, share_);
    if (!worker.ok()) return worker.status();
    return std::unique_ptr<EncoderWorker>(*std::move(worker));
  }

 private:
  const std::unique_ptr<const DeviceEncoder<T>> encoder_;
  const Device device_;
  const DeviceShare share_;
};

template <typename T>
absl::StatusOr<std::unique_ptr<EncoderBackend>> Make(const EncoderModel& model,
                                                     const EncoderOptions& options,
                                                     const Device& device,
                                                     const StepLimits& limits) {
  auto encoder = DeviceEncoder<T>::Load(model, limits);
  if (!encoder.ok()) return encoder.status();
  const absl::StatusOr<DeviceShare> share = ShareDevice(options);
  if (!share.ok()) return share.status();
  return std::make_unique<CudaBackend<T>>(*std::move(encoder), device, *share);
}

}  // namespace

absl::StatusOr<int> CountDevices() {
  int count = 0;
  const cudaError_t error = cudaGetDeviceCount(&count);
  if (error != cudaSuccess || count == 0) {
    return absl::UnavailableError(
        absl::StrCat("CUDA finds no device: ",
                     error == cudaSuccess ? "there is none" : cudaGetErrorString(error),
                     "; is the NVIDIA driver installed, and the device given to this container?"));
  }
  return count;
}

absl::StatusOr<std::unique_ptr<EncoderBackend>> MakeBackend(const EncoderModel& model,
                                                            const EncoderOptions& options,
                                                            int device, const StepLimits& limits) {
  const absl::StatusOr<int> count = CountDevices();
  if (!count.ok()) return count.status();
  if (device < 0 || device >= *count) {
    return absl::InvalidArgumentError(
        absl::StrCat("there is no cuda:", device, ": the last device is cuda:", *count - 1));
  }
  absl::Status status = ToStatus(cudaSetDevice(device), "choosing the device");
  // A thread that waits for the device leaves the processor to others.
  if (status.ok()) {
    status = ToStatus(cudaSetDeviceFlags(cudaDeviceScheduleBlockingSync), "starting the device");
  }
  cudaDeviceProp properties;
  if (status.ok()) {
    status = ToStatus(cudaGetDeviceProperties(&properties, device), "asking what the device is");
  }
  if (!status.ok()) return status;
  const Device used = {device, absl::StrCat("cuda:", device, " (", properties.name, ")")};
  switch (options.precision) {
    case kernels::MatmulPrecision::kFloat:
      return Make<float>(model, options, used, limits);
    case kernels::MatmulPrecision::kInt8:
      return absl::InvalidArgumentError("products in int8 are for processors");
    default:
      return Make<kernels::BFloat16>(model, options, used, limits);
  }
}

}  // namespace rill::cuda
