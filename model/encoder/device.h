// The devices that an encoder may run on, and which one is meant. Pure functions; any thread.
#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "model/encoder/encoder_backend.h"

namespace rill {

struct Device {
  enum class Kind { kCpu, kCuda };
  Kind kind = Kind::kCpu;
  int index = 0;  // of kCuda
};

// InvalidArgument unless `name` is auto, cpu, cuda or cuda:N.
absl::Status CheckDeviceName(absl::string_view name);

// "auto" is cuda:0 if this installation has the CUDA plug-in and the machine a device for it, else
// the processor; then *no_cuda says why. "cuda" is cuda:0. NotFound: this installation has no CUDA;
// Unavailable: no device can be used; InvalidArgument: there is no such device.
absl::StatusOr<Device> ChooseDevice(absl::string_view name, absl::Status* no_cuda);

// The encoder on that device. Errors of ChooseDevice, Encoder::Create and
// EncoderPlugin::make_backend.
absl::StatusOr<std::unique_ptr<EncoderBackend>> MakeEncoderBackend(const ModelFile& file,
                                                                   const EncoderOptions& options,
                                                                   const Device& device);

}  // namespace rill
