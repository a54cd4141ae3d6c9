// How a kernel is started, and how it gets its shared memory. For the .cu files of this folder,
// which are compiled by nvcc, and for tests on a machine without a GPU by the host's compiler
// against tests/kernels/cuda/on_host.
#pragma once

#include <cuda_runtime.h>

#include <cstddef>
#include <cstdint>

extern __shared__ __align__(128) unsigned char rill_block_shared[];

namespace rill::kernels::cuda {

// The block's shared memory. The launch must have asked for as much as T, or the array, needs.
template <typename T>
__device__ __forceinline__ T* BlockShared() {
  return reinterpret_cast<T*>(rill_block_shared);
}

inline constexpr size_t kSharedBytesOfAnyKernel = 48 * 1024;

// An empty grid is no error. Errors in the kernel itself show at a later call, as CUDA's do.
template <typename... Parameters, typename... Arguments>
cudaError_t Launch(void (*kernel)(Parameters...), dim3 grid, int threads, size_t shared_bytes,
                   cudaStream_t stream, Arguments... arguments) {
  if (grid.x == 0 || grid.y == 0 || grid.z == 0) return cudaSuccess;
  if (shared_bytes > kSharedBytesOfAnyKernel) {
    const cudaError_t error = cudaFuncSetAttribute(
        kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, static_cast<int>(shared_bytes));
    if (error != cudaSuccess) return error;
  }
  cudaLaunchConfig_t config = {};
  config.gridDim = grid;
  config.blockDim = dim3(static_cast<unsigned>(threads));
  config.dynamicSmemBytes = shared_bytes;
  config.stream = stream;
  return cudaLaunchKernelEx(&config, kernel, static_cast<Parameters>(arguments)...);
}

constexpr int64_t CeilDiv(int64_t a, int64_t b) { return (a + b - 1) / b; }

}  // namespace rill::kernels::cuda
