// Owned memory on the device, and pinned memory on the host for fast copies to and from it; errors
// of CUDA as absl::Status. Aligned to 256 bytes. Belongs to the device that is current when it is
// made. For host code.
#pragma once

#include <cuda_runtime.h>

#include <cstddef>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace rill::kernels::cuda {

// ResourceExhausted: no memory; Internal: anything else. `what` was being done.
inline absl::Status ToStatus(cudaError_t error, absl::string_view what) {
  if (error == cudaSuccess) return absl::OkStatus();
  const std::string message = absl::StrCat("CUDA, ", what, ": ", cudaGetErrorString(error));
  return error == cudaErrorMemoryAllocation ? absl::ResourceExhaustedError(message)
                                            : absl::InternalError(message);
}

enum class Memory { kDevice, kPinned };

// Of `size` values; what is in them at first is not said.
template <typename T, Memory kMemory = Memory::kDevice>
class Buffer {
 public:
  Buffer() = default;

  static absl::StatusOr<Buffer> Allocate(size_t size) {
    if (size == 0) return Buffer();
    void* data = nullptr;
    const size_t bytes = size * sizeof(T);
    const cudaError_t error =
        kMemory == Memory::kDevice ? cudaMalloc(&data, bytes) : cudaMallocHost(&data, bytes);
    if (error != cudaSuccess) {
      cudaGetLastError();  // or whoever looks for it next takes it for an error of theirs
      return ToStatus(error, absl::StrCat("allocating ", bytes, " bytes"));
    }
    Buffer buffer;
    buffer.data_.reset(static_cast<T*>(data));
    buffer.size_ = size;
    return buffer;
  }

  // Values of the host's, copied: there for whatever is queued from now on, on any stream.
  static absl::StatusOr<Buffer> Copy(const std::vector<T>& values) {
    absl::StatusOr<Buffer> buffer = Allocate(values.size());
    if (!buffer.ok() || values.empty()) return buffer;
    cudaError_t error = cudaMemcpy(buffer->data(), values.data(), values.size() * sizeof(T),
                                   cudaMemcpyHostToDevice);
    // From pageable memory, that returns before the last bytes are there, and streams that do not
    // block the default one do not wait for it.
    if (error == cudaSuccess) error = cudaStreamSynchronize(nullptr);
    if (error != cudaSuccess) return ToStatus(error, "copying to the device");
    return buffer;
  }

  T* data() const { return data_.get(); }
  size_t size() const { return size_; }

 private:
  struct Free {
    void operator()(T* data) const {
      kMemory == Memory::kDevice ? cudaFree(data) : cudaFreeHost(data);
    }
  };

  std::unique_ptr<T[], Free> data_;
  size_t size_ = 0;
};

}  // namespace rill::kernels::cuda
