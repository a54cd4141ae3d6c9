// Opens the plug-in with the CUDA encoder, librill_cuda.so, once for the process: from ../lib/rill
// beside the folder of the program, as it is installed and as it is built. Any thread.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "model/encoder/encoder_plugin.h"

namespace rill {

// NotFound: there is none; Unavailable: there is no NVIDIA driver; and OpenEncoderPlugin's.
absl::StatusOr<const EncoderPlugin*> OpenCudaPlugin();

// FailedPrecondition: it cannot be loaded, or is of another version. It stays loaded.
absl::StatusOr<const EncoderPlugin*> OpenEncoderPlugin(const std::string& path);

}  // namespace rill
