// The states of a worker's streams on a CUDA device, and their steps: see cuda_backend.h. Thread
// rule and errors of EncoderWorker.
//
// If there are more streams than slots on the device, the states of those that were stepped longest
// ago wait in pinned memory (residency.h). All that is done with states is queued on one CUDA
// stream, in the order in which `mutex_` was held, so nobody waits for a state to come or to go:
// what is queued behind it finds it there.
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
#include "model/encoder/cuda/residency.h"
#include "model/encoder/encoder_backend.h"
#include "model/encoder/slot_pool.h"

namespace rill::cuda {

struct Device {
  int index;
  std::string name;  // for people
};

// What a worker may take of the device.
struct DeviceShare {
  size_t bytes;      // of memory, for all that the worker needs
  int device_slots;  // at most
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
                                                              const Device& device, int slots,
                                                              const DeviceShare& share);
  ~DeviceWorker() override;

  absl::StatusOr<int> Acquire() override;
  void Release(int slot) override;
  absl::Status ReadState(int slot, absl::Span<float> state) override;
  absl::Status WriteState(int slot, absl::Span<const float> state) override;
  absl::Status Step(absl::Span<const EncoderRow> rows, float* log_probs) override;
  int slots() const override { return pool_.slots(); }
  int slots_in_use() const override { return pool_.in_use(); }
  StateSlots state_slots() const override {
    return {residency_->device_slots(), residency_->host_slots()};
  }

 private:
  template <typename V>
  using Pinned = Buffer<V, kernels::cuda::Memory::kPinned>;

  DeviceWorker(const DeviceEncoder<T>* encoder, const Device& device, int slots)
      : encoder_(encoder), device_(device), pool_(slots) {}
  absl::Status Allocate(const DeviceShare& share);
  absl::Status AllocateStates(int device_slots);
  absl::Status TryStep();

  size_t state_bytes() const;
  StepLimits limits() const;  // of a part of a step

  // Where slots, starts and chunks begin in what goes to the device in one piece, and its size.
  int most_rows() const { return Bucket(encoder_->limits().rows) + 1; }
  int starts_at() const { return most_rows(); }
  int chunks_at() const { return starts_at() + most_rows() + 1; }
  int row_values() const { return chunks_at() + most_rows(); }

  absl::Status Stage(absl::Span<const EncoderRow> rows, size_t parts, int64_t frames);
  absl::Status Queue(const StepPart& part, int32_t* values, const float* features,
                     float* log_probs);
  absl::StatusOr<cudaGraphExec_t> GraphOf(int rows, int frames);

  // mutex_ is held, both. Brings these streams' states to the device.
  absl::Status Bring(absl::Span<const int> slots);
  float* StateOf(int slot) const;  // on the device, where it is

  // copy_mutex_ is held. From staged_state_ to the device, or the other way.
  absl::Status CopyState(int slot, cudaMemcpyKind kind);
  // Waits for all that is queued. An error is every stream's, from now on.
  absl::Status Finish(absl::string_view what);
  absl::Status Lose(const absl::Status& status);

  const DeviceEncoder<T>* const encoder_;
  const Device device_;
  SlotPool pool_;

  Buffer<float> arena_;         // [device slots, layout.total]
  Pinned<float> host_states_;   // [host slots, layout.total]
  Buffer<int32_t> row_values_;  // slots, starts, chunks
  Buffer<float> features_, residual_, convolved_, last_, log_probs_;
  Buffer<T> patches_, level2_, normed_, wide_, mixed_, branch_;
  StepArrays<T> arrays_ = {};
  Stream stream_;
  Stream recorder_;  // graphs are recorded here, so that stream_ is always open
  std::map<std::pair<int, int>, Graph> graphs_;  // by rows and frames, padding included

  // Of the step at hand; grow to the largest.
  Pinned<int32_t> staged_rows_;
  Pinned<float> staged_features_, staged_log_probs_;
  std::vector<int> part_slots_;

  std::mutex copy_mutex_;
  Pinned<float> staged_state_;  // guarded by copy_mutex_, which is taken before mutex_

  std::mutex mutex_;
  std::unique_ptr<Residency> residency_;  // guarded by mutex_, but for its sizes
  absl::Status lost_;                     // guarded by mutex_; what the device has failed with
};

}  // namespace rill::cuda
