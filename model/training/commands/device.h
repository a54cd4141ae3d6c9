// Where and in which number type to train. Pure functions; any thread.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "model/training/encoder/encoder_module.h"

namespace rill::training {

// device: "cpu" or "cuda", with the kernels of lib/rill/librill_cuda_attention.so, if it is there.
// compute: "float", "bf16", or "auto" (bf16 where it is fast).
// FailedPrecondition that says what is missing if the device cannot be had.
absl::StatusOr<EncoderModule::Options> ModuleOptions(const std::string& device,
                                                     const std::string& compute);

}  // namespace rill::training
