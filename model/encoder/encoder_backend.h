// What a recogniser runs its encoder on, a processor or a GPU, behind one interface:
//
//   EncoderBackend   an encoder's weights on one device. Immutable; any thread; outlives its
//                    workers.
//   EncoderWorker    the states of some streams on that device, and what it takes to step them.
//
// A state has the layout of StateLayout on every device, so that a stream can move between them. A
// frame's log-probabilities depend on its stream's features and chunk lengths only, bit for bit
// (see encoder.h); between devices they differ by rounding.
#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "model/encoder/encoder.h"
#include "model/encoder/state_arena.h"

namespace rill {

// Where a worker keeps states.
struct StateSlots {
  int device = 0;  // where the encoder runs
  int host = 0;    // for those that the device has no room for
};

// Thread rule: Step is for one thread at a time, the others for any; a slot is used by one thread
// at a time. Errors of the device are Internal: then every stream of the worker is lost.
class EncoderWorker {
 public:
  virtual ~EncoderWorker() = default;

  // A slot that holds the state of a stream that has heard nothing; ResourceExhausted if all are
  // taken.
  virtual absl::StatusOr<int> Acquire() = 0;
  virtual void Release(int slot) = 0;

  // A slot's whole state out and in: [layout().total].
  virtual absl::Status ReadState(int slot, absl::Span<float> state) = 0;
  virtual absl::Status WriteState(int slot, absl::Span<const float> state) = 0;

  // log_probs: [sum of frames, outputs], rows one after the other. No slot twice.
  virtual absl::Status Step(absl::Span<const EncoderRow> rows, float* log_probs) = 0;

  virtual int slots() const = 0;
  virtual int slots_in_use() const = 0;
  virtual StateSlots state_slots() const { return {slots(), 0}; }
};

class EncoderBackend {
 public:
  virtual ~EncoderBackend() = default;

  virtual const StateLayout& layout() const = 0;
  virtual std::string device()
      const = 0;  // for people: "cpu (avx2, products in float)", "cuda:0 (NVIDIA H100)"

  // ResourceExhausted: there is no memory for so many slots.
  virtual absl::StatusOr<std::unique_ptr<EncoderWorker>> NewWorker(int slots) const = 0;
};

// The processor's.
absl::StatusOr<std::unique_ptr<EncoderBackend>> MakeCpuBackend(const ModelFile& file,
                                                               const EncoderOptions& options);

}  // namespace rill
