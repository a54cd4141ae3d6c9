// Hands out the slots of an arena, wherever the arena is. Any thread.
#pragma once

#include <mutex>
#include <vector>

#include "absl/status/statusor.h"

namespace rill {

class SlotPool {
 public:
  explicit SlotPool(int slots);

  // ResourceExhausted if all slots are taken. The lowest free slot is taken, so that memory is
  // touched, and thus occupied, only as far as streams were ever open at once.
  absl::StatusOr<int> Acquire();
  void Release(int slot);

  int slots() const { return slots_; }
  int in_use() const;

 private:
  const int slots_;
  mutable std::mutex mutex_;
  std::vector<int> free_;  // a heap with the lowest slot first; guarded by mutex_
};

}  // namespace rill
