#include "model/encoder/cuda_plugin.h"

#include <dlfcn.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "model/file/installed_library.h"

namespace rill {
namespace {

absl::StatusOr<const EncoderPlugin*> OpenInstalled() {
  const absl::StatusOr<std::string> path = InstalledLibrary("librill_cuda.so");
  if (!path.ok()) {
    return absl::NotFoundError(
        absl::StrCat("this installation has no CUDA: ", path.status().message()));
  }
  // Before the plug-in, which brings hundreds of megabytes of cuBLASLt with it.
  if (dlopen("libcuda.so.1", RTLD_LAZY | RTLD_LOCAL) == nullptr) {
    return absl::UnavailableError(
        "there is no NVIDIA driver on this machine, or it is not given to this container: no "
        "libcuda.so.1");
  }
  return OpenEncoderPlugin(*path);
}

}  // namespace

absl::StatusOr<const EncoderPlugin*> OpenEncoderPlugin(const std::string& path) {
  void* const library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    return absl::FailedPreconditionError(
        absl::StrCat("the CUDA plug-in cannot be loaded: ", dlerror()));
  }
  using Entry = const EncoderPlugin* (*)();
  const auto entry = reinterpret_cast<Entry>(dlsym(library, kEncoderPluginSymbol));
  if (entry == nullptr || std::string(entry()->version) != RILL_VERSION) {
    return absl::FailedPreconditionError(
        absl::StrCat(path, " is not of rill " RILL_VERSION ", as this program is"));
  }
  return entry();
}

absl::StatusOr<const EncoderPlugin*> OpenCudaPlugin() {
  static const absl::StatusOr<const EncoderPlugin*> plugin = OpenInstalled();
  return plugin;
}

}  // namespace rill
