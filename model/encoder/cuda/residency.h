// Which streams' states are on a device that may have fewer slots than there are streams, and which
// wait in the host's memory: bookkeeping only, the copies are the caller's. A stream gets a device
// slot when it is to be stepped; if none is free, the one that was stepped longest ago makes room.
// A stream that was never brought to the device has no place at all: its state is the initial one.
//
// Not for several threads at a time.
#pragma once

#include <list>
#include <vector>

#include "absl/types/span.h"

namespace rill::cuda {

class Residency {
 public:
  // device_slots: at least one.
  Residency(int streams, int device_slots);

  // A copy of a state.
  struct Move {
    enum class Kind {
      kStart,  // the initial state to device_slot
      kIn,     // host_slot to device_slot
      kOut,    // device_slot to host_slot
    };
    Kind kind;
    int device_slot;
    int host_slot;  // -1 for kStart

    bool operator==(const Move&) const = default;
  };

  // Gives every one of these streams a device slot: at most device_slots(), none twice. The moves
  // must be made in the order in which they come, over all calls: a slot is used again as soon as
  // it is left.
  std::vector<Move> Bring(absl::Span<const int> streams);

  // The stream's places are free; its state is the initial one again.
  void Forget(int stream);

  int device_slot(int stream) const { return places_[stream].device_slot; }  // -1: not on it
  int host_slot(int stream) const { return places_[stream].host_slot; }      // -1: not there

  int device_slots() const { return device_slots_; }
  // One more than there are streams that do not fit on the device: a state leaves before the one
  // that takes its place has come. None if all fit.
  int host_slots() const { return host_slots_; }

 private:
  struct Place {
    int device_slot = -1, host_slot = -1;  // never both
    std::list<int>::iterator age;          // in by_age_, if on the device
  };

  const int device_slots_, host_slots_;
  std::vector<Place> places_;  // by stream
  std::vector<int> free_device_slots_, free_host_slots_;
  std::list<int> by_age_;  // the streams on the device; the one stepped longest ago first
};

}  // namespace rill::cuda
