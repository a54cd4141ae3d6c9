// Stands in for CUDA's header of this name where kernels are compiled for the host: the part of the
// language and of the runtime that kernels/cuda and its users use, on top of cuda_on_host.h. Device
// memory is the heap; streams.h says when work is done.
#pragma once

#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <set>
#include <stdexcept>
#include <tuple>

#include "tests/kernels/cuda/on_host/cuda_on_host.h"
#include "tests/kernels/cuda/on_host/streams.h"

#define RILL_CUDA_ON_HOST 1

// The language.

#define __global__
#define __device__
#define __host__
#define __shared__
#define __forceinline__ inline
#define __launch_bounds__(...)
#define __align__(n) __attribute__((aligned(n)))

struct uint3 {
  unsigned x, y, z;
};
struct dim3 {
  unsigned x = 1, y = 1, z = 1;
  dim3(unsigned x = 1, unsigned y = 1, unsigned z = 1) : x(x), y(y), z(z) {}
};
struct alignas(16) float4 {
  float x, y, z, w;
};
struct alignas(8) uint2 {
  unsigned x, y;
};
inline float4 make_float4(float x, float y, float z, float w) { return {x, y, z, w}; }
inline uint2 make_uint2(unsigned x, unsigned y) { return {x, y}; }

inline uint3 threadIdx, blockIdx;
inline dim3 blockDim, gridDim;

// The dynamic shared memory of every kernel; see kernels/cuda/launch.h.
extern unsigned char rill_block_shared[];

using rill::cuda_on_host::Site;

inline void __syncthreads(Site site = Site::Here()) { rill::cuda_on_host::WaitForBlock(site); }

inline void __syncwarp(unsigned mask = 0xFFFFFFFFu, Site site = Site::Here()) {
  rill::cuda_on_host::Exchange(mask, 0, rill::cuda_on_host::Lane(), site);
}

template <typename T>
T __shfl_sync(unsigned mask, T value, int from_lane, int width = 32, Site site = Site::Here()) {
  const int lane = rill::cuda_on_host::Lane();
  uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof value);
  bits = rill::cuda_on_host::Exchange(mask, bits, lane / width * width + from_lane % width, site);
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

template <typename T>
T __shfl_xor_sync(unsigned mask, T value, int lane_mask, Site site = Site::Here()) {
  return __shfl_sync(mask, value, rill::cuda_on_host::Lane() ^ lane_mask, 32, site);
}

inline int min(int a, int b) { return a < b ? a : b; }
inline int64_t min(int64_t a, int64_t b) { return a < b ? a : b; }
inline int max(int a, int b) { return a > b ? a : b; }
inline float rsqrtf(float x) { return 1.0f / std::sqrt(x); }

inline float __expf(float x) { return std::exp(x); }
inline float __fdividef(float a, float b) { return a / b; }

inline float __uint_as_float(unsigned bits) {
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

inline unsigned __float_as_uint(float value) {
  unsigned bits;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}

// The runtime.

enum cudaFuncAttribute { cudaFuncAttributeMaxDynamicSharedMemorySize };

struct cudaLaunchConfig_t {
  dim3 gridDim, blockDim;
  size_t dynamicSmemBytes = 0;
  cudaStream_t stream = nullptr;
  void* attrs = nullptr;
  unsigned numAttrs = 0;
};

inline const char* cudaGetErrorString(cudaError_t error) {
  if (error == cudaErrorMemoryAllocation) return "out of memory";
  return error == cudaSuccess ? "no error" : "invalid argument";
}

inline cudaError_t cudaGetDeviceCount(int* count) {
  *count = 1;
  return cudaSuccess;
}

struct cudaDeviceProp {
  char name[256] = "a model on the host";
};

inline cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int) {
  *properties = cudaDeviceProp();
  return cudaSuccess;
}

inline constexpr unsigned cudaDeviceScheduleBlockingSync = 4;
inline cudaError_t cudaSetDeviceFlags(unsigned) { return cudaSuccess; }
inline cudaError_t cudaSetDevice(int) { return cudaSuccess; }

inline cudaError_t cudaDeviceSynchronize() {
  rill::cuda_on_host::Arrive();
  return cudaSuccess;
}

inline cudaError_t cudaGetLastError() { return cudaSuccess; }

// Events are times of the host's clock.
struct CUevent_st {
  std::chrono::steady_clock::time_point time;
};
using cudaEvent_t = CUevent_st*;

inline cudaError_t cudaEventCreate(cudaEvent_t* event) {
  *event = new CUevent_st;
  return cudaSuccess;
}

inline cudaError_t cudaEventDestroy(cudaEvent_t event) {
  delete event;
  return cudaSuccess;
}

inline cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t) {
  event->time = std::chrono::steady_clock::now();
  return cudaSuccess;
}

inline cudaError_t cudaEventSynchronize(cudaEvent_t) { return cudaSuccess; }

inline cudaError_t cudaEventElapsedTime(float* ms, cudaEvent_t begin, cudaEvent_t end) {
  *ms = std::chrono::duration<float, std::milli>(end->time - begin->time).count();
  return cudaSuccess;
}

// Kernels that may have more than 48 KiB of shared memory.
inline std::set<const void*> rill_large_kernels;

template <typename Kernel>
cudaError_t cudaFuncSetAttribute(Kernel kernel, cudaFuncAttribute, int) {
  rill_large_kernels.insert(reinterpret_cast<const void*>(kernel));
  return cudaSuccess;
}

template <typename... Parameters, typename... Arguments>
cudaError_t cudaLaunchKernelEx(const cudaLaunchConfig_t* config, void (*kernel)(Parameters...),
                               Arguments&&... arguments) {
  if (config->dynamicSmemBytes > 48 * 1024 &&
      rill_large_kernels.count(reinterpret_cast<const void*>(kernel)) == 0) {
    throw std::runtime_error("more than 48 KiB of shared memory without cudaFuncSetAttribute");
  }
  const std::tuple<Parameters...> copies(arguments...);
  rill::cuda_on_host::Submit(config->stream, [launch = *config, kernel, copies] {
    const auto extent = [](const dim3& d) { return rill::cuda_on_host::Extent{d.x, d.y, d.z}; };
    rill::cuda_on_host::RunGrid(extent(launch.gridDim), extent(launch.blockDim),
                                launch.dynamicSmemBytes, [&] { std::apply(kernel, copies); });
  });
  return cudaSuccess;
}
