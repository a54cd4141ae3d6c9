#include "model/encoder/slot_pool.h"

#include <algorithm>
#include <functional>

#include "absl/strings/str_cat.h"

namespace rill {

SlotPool::SlotPool(int slots) : slots_(slots) {
  for (int i = 0; i < slots; ++i) free_.push_back(i);
}

absl::StatusOr<int> SlotPool::Acquire() {
  const std::lock_guard lock(mutex_);
  if (free_.empty()) {
    return absl::ResourceExhaustedError(absl::StrCat("all ", slots_, " stream slots are taken"));
  }
  std::pop_heap(free_.begin(), free_.end(), std::greater<>());
  const int slot = free_.back();
  free_.pop_back();
  return slot;
}

void SlotPool::Release(int slot) {
  const std::lock_guard lock(mutex_);
  free_.push_back(slot);
  std::push_heap(free_.begin(), free_.end(), std::greater<>());
}

int SlotPool::in_use() const {
  const std::lock_guard lock(mutex_);
  return slots_ - static_cast<int>(free_.size());
}

}  // namespace rill
