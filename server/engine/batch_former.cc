#include "server/engine/batch_former.h"

#include <algorithm>

namespace rill::server {

BatchFormer::BatchFormer(const Limits& limits) : limits_(limits) {}

void BatchFormer::Open(Id id) { due_.try_emplace(id, std::nullopt); }

void BatchFormer::Close(Id id) {
  const auto it = due_.find(id);
  if (it == due_.end()) return;
  if (it->second) queue_.erase({*it->second, id});
  due_.erase(it);
}

void BatchFormer::Ready(Id id, TimePoint now) { Wait(id, now + limits_.deadline); }

void BatchFormer::Behind(Id id, TimePoint now) { Wait(id, now); }

void BatchFormer::Wait(Id id, TimePoint due) {
  const auto it = due_.find(id);
  if (it == due_.end()) return;
  if (it->second) {
    if (*it->second <= due) return;
    queue_.erase({*it->second, id});
  }
  it->second = due;
  queue_.insert({due, id});
}

std::optional<BatchFormer::TimePoint> BatchFormer::Due() const {
  if (queue_.empty()) return std::nullopt;
  const bool full = queue_.size() >= static_cast<size_t>(limits_.max_batch);
  if (full || queue_.size() == due_.size()) return TimePoint::min();
  return queue_.begin()->first;
}

std::vector<BatchFormer::Id> BatchFormer::Take() {
  std::vector<Id> batch;
  const size_t size = std::min(queue_.size(), static_cast<size_t>(limits_.max_batch));
  batch.reserve(size);
  while (batch.size() < size) {
    const Id id = queue_.begin()->second;
    queue_.erase(queue_.begin());
    due_[id] = std::nullopt;
    batch.push_back(id);
  }
  return batch;
}

}  // namespace rill::server
