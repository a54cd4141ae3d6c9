// The recurrent state of every stream of one worker, in one block of memory: [slot][layer] of
// attention states (S and z per head), convolution tails, and the front's tails. A stream costs
// bytes_per_slot() for ever, whatever the length of its audio.
//
// Thread rule: Acquire, Release and the use of distinct slots may run on different threads;
// a slot is used by one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "model/encoder/slot_pool.h"
#include "model/file/model_config.h"

namespace rill {

// Where each part of a slot lies, in floats from the slot's start; every part begins on a cache
// line.
struct StateLayout {
  explicit StateLayout(const ModelConfig& config);

  int64_t attention(int layer) const { return attention_offset + layer * attention_floats; }
  int64_t conv_tail(int layer) const { return conv_offset + layer * conv_floats; }

  int64_t attention_floats;  // heads * (64 * 64 + 64)
  int64_t conv_floats;       // (conv_kernel - 1) * width
  int64_t front1_tail;       // last feature frame, normalised and padded: [PaddedBins(mel_bins)]
  int64_t front2_tail;  // last level-1 frame, padded: [PaddedBins(level-1 bins), front_channels1]
  int64_t attention_offset;
  int64_t conv_offset;
  int64_t total;  // floats a slot, a multiple of 16 (64 bytes)
};

class StateArena {
 public:
  // `initial`: the state of a stream that has heard nothing ([layout.total]; sinks are not zero).
  // ResourceExhausted: there is no memory for so many slots.
  static absl::StatusOr<std::unique_ptr<StateArena>> Create(const StateLayout& layout,
                                                            std::vector<float> initial, int slots);

  // As SlotPool's; the slot holds the initial state.
  absl::StatusOr<int> Acquire();
  void Release(int slot) { pool_.Release(slot); }
  void Reset(int slot);  // back to the initial state

  float* slot(int index) { return data_.get() + index * layout_.total; }
  const StateLayout& layout() const { return layout_; }
  int slots() const { return pool_.slots(); }
  int in_use() const { return pool_.in_use(); }
  size_t bytes_per_slot() const { return static_cast<size_t>(layout_.total) * sizeof(float); }

 private:
  struct Free {
    void operator()(float* data) const;
  };
  using Block = std::unique_ptr<float[], Free>;

  StateArena(const StateLayout& layout, std::vector<float> initial, int slots, Block data);
  static Block Allocate(size_t bytes);  // null: there is no such memory

  const StateLayout layout_;
  const std::vector<float> initial_;
  const Block data_;
  SlotPool pool_;
};

}  // namespace rill
