// The states of a worker's streams on a CUDA device, and their steps: see cuda_backend.h. Thread
// rule and errors of EncoderWorker.
#pragma once

#include <cuda_runtime.h>

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "model/encoder/cuda/device_encoder.h"
#include "model/encoder/encoder_backend.h"
#include "model/encoder/slot_pool.h"

namespace rill::cuda {

struct Device {
  int index;
  std::string name;  // for people
};

struct DestroyStream {
  void operator()(cudaStream_t stream) const { cudaStreamDestroy(stream); }
};
struct DestroyGraph {
  void operator()(cudaGraphExec_t graph) const { cudaGraphExecDestroy(graph); }
};
using Stream = std::unique_ptr<std::remove_pointer_t<cudaStream_t>, DestroyStream>;
using Graph = std::unique_ptr<std::remove_pointer_t<cudaGraphExec_t>, DestroyGraph>;

// The least of 1, 2, 3, 4, 6, 8, 12, 16, ... that is not below n.
int Bucket(int n);

// Some rows of a step, or parts of rows, that make one graph's work.
struct StepPart {
  struct Row {
    int slot, chunk_frames, frames;
  };
  std::vector<Row> rows;
  int frames = 0;
};

// Of rows and frames as they come; a row that is too long is cut between two of its chunks. At
// least one, if there are frames.
std::vector<StepPart> CutStep(absl::Span<const EncoderRow> rows, const StepLimits& limits);

template <typename T>
class DeviceWorker final : public EncoderWorker {
 public:
  // Runs a first step, so that what the device cannot do shows here.
  static absl::StatusOr<std::unique_ptr<DeviceWorker>> Create(const DeviceEncoder<T>* encoder,
                                                              const Device& device, int slots);
  ~DeviceWorker() override;

  absl::StatusOr<int> Acquire() override;
  void Release(int slot) override { pool_.Release(slot); }
  absl::Status ReadState(int slot, absl::Span<float> state) override;
  absl::Status WriteState(int slot, absl::Span<const float> state) override;
  absl::Status Step(absl::Span<const EncoderRow> rows, float* log_probs) override;
  int slots() const override { return pool_.slots(); }
  int slots_in_use() const override { return pool_.in_use(); }

 private:
  DeviceWorker(const DeviceEncoder<T>* encoder, const Device& device, int slots)
      : encoder_(encoder), device_(device), pool_(slots) {}
  absl::Status Allocate();
  absl::Status TryStep();

  absl::Status Copy(void* to, const void* from, cudaMemcpyKind kind);  // a state
  float* SlotAt(int slot) const;

  // Where slots, starts and chunks begin in what goes to the device in one piece, and its size.
  int most_rows() const { return Bucket(encoder_->limits().rows) + 1; }
  int starts_at() const { return most_rows(); }
  int chunks_at() const { return starts_at() + most_rows() + 1; }
  int row_values() const { return chunks_at() + most_rows(); }

  absl::Status Stage(absl::Span<const EncoderRow> rows, size_t parts, int64_t frames);
  absl::Status Queue(const StepPart& part, int32_t* values, const float* features,
                     float* log_probs);
  absl::StatusOr<cudaGraphExec_t> GraphOf(int rows, int frames);

  const DeviceEncoder<T>* const encoder_;
  const Device device_;
  SlotPool pool_;

  Buffer<float> arena_;
  Buffer<int32_t> row_values_;  // slots, starts, chunks
  Buffer<float> features_, residual_, convolved_, last_, log_probs_;
  Buffer<T> patches_, level2_, normed_, wide_, mixed_, branch_;
  StepArrays<T> arrays_ = {};
  Stream stream_;
  std::map<std::pair<int, int>, Graph> graphs_;  // by rows and frames, padding included

  // Pinned, of the step at hand; grow to the largest.
  Buffer<int32_t, kernels::cuda::Memory::kPinned> staged_rows_;
  Buffer<float, kernels::cuda::Memory::kPinned> staged_features_, staged_log_probs_;

  std::mutex copy_mutex_;
  Stream copies_;  // guarded by copy_mutex_
};

}  // namespace rill::cuda
