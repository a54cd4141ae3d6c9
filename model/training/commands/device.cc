#include "model/training/commands/device.h"

#include <ATen/Context.h>
#include <dlfcn.h>

#include "absl/strings/str_cat.h"
#include "kernels/cpu/simd.h"
#include "model/file/installed_library.h"

namespace rill::training {
namespace {

absl::Status OpenCuda() {
  // rill-train links LibTorch's CPU half only; the other half adds itself when it is loaded.
  if (dlopen("libtorch_cuda.so", RTLD_NOW | RTLD_GLOBAL) == nullptr) {
    return absl::FailedPreconditionError(
        absl::StrCat("--device cuda: this LibTorch has no CUDA, or libraries that it needs are "
                     "missing (",
                     dlerror(), "); install them or use --device cpu"));
  }
  if (!at::hasCUDA() || at::getNumGPUs() == 0) {
    return absl::FailedPreconditionError("--device cuda: no CUDA device found; use --device cpu");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<EncoderModule::Options> ModuleOptions(const std::string& device,
                                                     const std::string& compute) {
  EncoderModule::Options options;
  if (device == "cuda") {
    if (absl::Status status = OpenCuda(); !status.ok()) return status;
    options.device = at::Device(at::kCUDA, 0);
    if (const auto path = InstalledLibrary("librill_cuda_attention.so"); path.ok()) {
      const absl::StatusOr<AttentionKernels> attention = OpenAttentionKernels(*path);
      if (!attention.ok()) return attention.status();
      options.attention = *attention;
    }
  } else if (device != "cpu") {
    return absl::InvalidArgumentError(absl::StrCat("--device ", device, ": must be cpu or cuda"));
  }
  const bool fast = options.device.is_cuda() || kernels::HasFastBFloat16();
  if (compute == "bf16" || (compute == "auto" && fast)) {
    options.compute = at::kBFloat16;
  } else if (compute != "float" && compute != "auto") {
    return absl::InvalidArgumentError(
        absl::StrCat("--compute ", compute, ": must be auto, float or bf16"));
  }
  return options;
}

}  // namespace rill::training
