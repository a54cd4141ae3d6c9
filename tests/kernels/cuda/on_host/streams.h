// Streams, graphs and memory of the model of CUDA's runtime, under CUDA's names; for
// cuda_runtime.h. A stream that was made does its work as late as a GPU may: when somebody waits
// for it. So memory that is changed too early shows. The default stream works at once, but for what
// cudaMemcpy brings from the host: that may still be on its way when the call returns, and only the
// default stream and who waits for that or for the device find it there. What a GPU refuses while a
// stream is being recorded throws std::runtime_error. One thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

enum cudaError_t {
  cudaSuccess = 0,
  cudaErrorInvalidValue = 1,
  cudaErrorMemoryAllocation = 2,
  cudaErrorNoDevice = 100,
  cudaErrorIllegalAddress = 700,
};

namespace rill::cuda_on_host {

using Work = std::function<void()>;

// For tests: what waiting for the device and queueing copies for it return from now on, and the
// bytes that are left on it, and for pinned memory.
inline cudaError_t device_error = cudaSuccess;
inline cudaError_t copy_error = cudaSuccess;
inline size_t free_device_bytes = SIZE_MAX;
inline size_t free_pinned_bytes = SIZE_MAX;

inline std::map<void*, size_t> blocks;
inline std::vector<Work> arriving;  // at the device

inline void Arrive() {
  for (const Work& work : std::exchange(arriving, {})) work();
}
inline int recordings = 0;

inline void RefuseWhileRecording(const char* call) {
  if (recordings > 0) {
    throw std::runtime_error(std::string(call) + " while a stream is being recorded");
  }
}

inline void* AllocateFrom(size_t* free_bytes, size_t bytes) {
  if (bytes > *free_bytes) return nullptr;
  void* const block = std::malloc(bytes);
  blocks[block] = bytes;
  *free_bytes -= bytes;
  return block;
}

inline void GiveBack(size_t* free_bytes, void* block) {
  if (block == nullptr) return;
  Arrive();
  *free_bytes += blocks.at(block);
  blocks.erase(block);
  std::free(block);
}

}  // namespace rill::cuda_on_host

struct CUgraph_st {
  std::vector<rill::cuda_on_host::Work> work;
};
struct CUgraphExec_st {
  std::vector<rill::cuda_on_host::Work> work;
};
struct CUstream_st {
  std::vector<rill::cuda_on_host::Work> waiting;
  std::unique_ptr<CUgraph_st> recorded;
};
using cudaGraph_t = CUgraph_st*;
using cudaGraphExec_t = CUgraphExec_st*;
using cudaStream_t = CUstream_st*;

namespace rill::cuda_on_host {

inline void Submit(cudaStream_t stream, Work work) {
  if (stream == nullptr) {
    RefuseWhileRecording("work for the default stream");
    Arrive();
    work();
  } else {
    (stream->recorded ? stream->recorded->work : stream->waiting).push_back(std::move(work));
  }
}

}  // namespace rill::cuda_on_host

enum cudaMemcpyKind { cudaMemcpyHostToDevice, cudaMemcpyDeviceToHost, cudaMemcpyDeviceToDevice };
enum cudaStreamCaptureMode { cudaStreamCaptureModeThreadLocal };
inline constexpr unsigned cudaStreamNonBlocking = 1;

inline cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned) {
  *stream = new CUstream_st;
  return cudaSuccess;
}

inline cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
  rill::cuda_on_host::RefuseWhileRecording("cudaStreamSynchronize");
  if (stream == nullptr) {
    rill::cuda_on_host::Arrive();
    return cudaSuccess;
  }
  for (const auto& work : std::exchange(stream->waiting, {})) work();
  return rill::cuda_on_host::device_error;
}

inline cudaError_t cudaStreamDestroy(cudaStream_t stream) {
  delete stream;
  return cudaSuccess;
}

inline cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode) {
  stream->recorded = std::make_unique<CUgraph_st>();
  ++rill::cuda_on_host::recordings;
  return cudaSuccess;
}

inline cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t* graph) {
  --rill::cuda_on_host::recordings;
  *graph = stream->recorded.release();
  return cudaSuccess;
}

inline cudaError_t cudaGraphInstantiate(cudaGraphExec_t* exec, cudaGraph_t graph, uint64_t) {
  *exec = new CUgraphExec_st{graph->work};
  return cudaSuccess;
}

inline cudaError_t cudaGraphLaunch(cudaGraphExec_t exec, cudaStream_t stream) {
  for (const auto& work : exec->work) rill::cuda_on_host::Submit(stream, work);
  return cudaSuccess;
}

inline cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
  delete graph;
  return cudaSuccess;
}

inline cudaError_t cudaGraphExecDestroy(cudaGraphExec_t exec) {
  delete exec;
  return cudaSuccess;
}

template <typename T>
cudaError_t cudaMalloc(T** p, size_t bytes) {
  using namespace rill::cuda_on_host;
  RefuseWhileRecording("cudaMalloc");
  *p = static_cast<T*>(AllocateFrom(&free_device_bytes, bytes));
  if (*p == nullptr) return cudaErrorMemoryAllocation;
  std::memset(static_cast<void*>(*p), 0xFF, bytes);
  return cudaSuccess;
}

inline cudaError_t cudaFree(void* p) {
  rill::cuda_on_host::GiveBack(&rill::cuda_on_host::free_device_bytes, p);
  return cudaSuccess;
}

inline cudaError_t cudaMallocHost(void** p, size_t bytes) {
  using namespace rill::cuda_on_host;
  RefuseWhileRecording("cudaMallocHost");
  *p = AllocateFrom(&free_pinned_bytes, bytes);
  return *p == nullptr ? cudaErrorMemoryAllocation : cudaSuccess;
}

inline cudaError_t cudaFreeHost(void* p) {
  rill::cuda_on_host::GiveBack(&rill::cuda_on_host::free_pinned_bytes, p);
  return cudaSuccess;
}

inline cudaError_t cudaMemGetInfo(size_t* free, size_t* total) {
  *free = *total = rill::cuda_on_host::free_device_bytes;
  return cudaSuccess;
}

inline cudaError_t cudaMemcpy(void* to, const void* from, size_t bytes, cudaMemcpyKind kind) {
  using namespace rill::cuda_on_host;
  RefuseWhileRecording("cudaMemcpy");
  Arrive();
  if (bytes == 0) return cudaSuccess;
  if (kind == cudaMemcpyHostToDevice) {
    const char* const begin = static_cast<const char*>(from);
    arriving.push_back([to, copy = std::vector<char>(begin, begin + bytes)] {
      std::memcpy(to, copy.data(), copy.size());
    });
  } else {
    std::memcpy(to, from, bytes);
  }
  return cudaSuccess;
}

inline cudaError_t cudaMemcpyAsync(void* to, const void* from, size_t bytes, cudaMemcpyKind,
                                   cudaStream_t stream) {
  if (rill::cuda_on_host::copy_error != cudaSuccess) return rill::cuda_on_host::copy_error;
  rill::cuda_on_host::Submit(stream, [=] { std::memcpy(to, from, bytes); });
  return cudaSuccess;
}

inline cudaError_t cudaMemsetAsync(void* to, int value, size_t bytes, cudaStream_t stream) {
  rill::cuda_on_host::Submit(stream, [=] { std::memset(to, value, bytes); });
  return cudaSuccess;
}
