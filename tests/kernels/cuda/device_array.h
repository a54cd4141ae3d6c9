// Arrays in device memory for the tests of kernels/cuda, of exactly the size asked for, so that
// AddressSanitizer (on the host) and compute-sanitizer (on a GPU) see every access beyond it.
#pragma once

#include <cuda_runtime.h>

#include <cstddef>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace rill::kernels::cuda {

inline void CheckCuda(cudaError_t error) {
  if (error != cudaSuccess) throw std::runtime_error(cudaGetErrorString(error));
}

template <typename T>
class DeviceArray {
 public:
  explicit DeviceArray(const std::vector<T>& values) : size_(values.size()) {
    if (size_ == 0) return;
    CheckCuda(cudaMalloc(&data_, size_ * sizeof(T)));
    CheckCuda(cudaMemcpy(data_, values.data(), size_ * sizeof(T), cudaMemcpyHostToDevice));
  }
  // Every byte 0xFF: a NaN, or -1.
  explicit DeviceArray(size_t size) : DeviceArray(Unwritten(size)) {}
  ~DeviceArray() { cudaFree(data_); }
  DeviceArray(const DeviceArray&) = delete;
  DeviceArray& operator=(const DeviceArray&) = delete;

  T* data() { return data_; }

  // What the kernels that were started have left.
  std::vector<T> Get() const {
    CheckCuda(cudaDeviceSynchronize());
    std::vector<T> values(size_);
    CheckCuda(cudaMemcpy(values.data(), data_, size_ * sizeof(T), cudaMemcpyDeviceToHost));
    return values;
  }

 private:
  static std::vector<T> Unwritten(size_t size) {
    T value;
    unsigned char bytes[sizeof(T)];
    for (unsigned char& byte : bytes) byte = 0xFF;
    __builtin_memcpy(&value, bytes, sizeof(T));
    return std::vector<T>(size, value);
  }

  size_t size_;
  T* data_ = nullptr;
};

}  // namespace rill::kernels::cuda
