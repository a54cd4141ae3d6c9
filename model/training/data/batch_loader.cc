#include "model/training/data/batch_loader.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace rill::training {
namespace {

// By how much callers may ask out of order before it counts as a new start.
constexpr int64_t kDisorder = 16;

}  // namespace

BatchLoader::BatchLoader(Make make, int64_t batches_per_pass, int workers, int ahead)
    : make_(std::move(make)),
      batches_per_pass_(batches_per_pass),
      ahead_(workers > 0 ? std::max(ahead, 1) : 0) {
  for (int i = 0; i < workers; ++i) workers_.emplace_back([this] { Work(); });
}

BatchLoader::~BatchLoader() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
  }
  may_work_.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

absl::StatusOr<Batch> BatchLoader::Get(int64_t index) {
  std::unique_lock<std::mutex> lock(mutex_);
  MoveWindow(index);
  const auto it = slots_.find(index);
  if (it == slots_.end() || it->second.wanted) {  // nobody makes it, or for another caller
    next_ = std::max(next_, index + 1);
    lock.unlock();
    return make_(index);
  }
  Slot& slot = it->second;
  slot.wanted = true;
  made_.wait(lock, [&slot] { return slot.batch != nullptr; });
  const std::unique_ptr<absl::StatusOr<Batch>> batch = std::move(slot.batch);
  slots_.erase(it);
  return std::move(*batch);
}

// With the mutex held.
void BatchLoader::MoveWindow(int64_t index) {
  const bool jump = index > next_ + kDisorder || index < next_ - ahead_ - kDisorder;
  if (jump) next_ = index + 1;
  end_ = jump ? next_ + ahead_ : std::max(end_, index + 1 + ahead_);
  // What was made and is out of everybody's reach.
  for (auto it = slots_.begin(); it != slots_.end();) {
    const bool idle = it->second.batch != nullptr && !it->second.wanted;
    const bool far = it->first >= end_ || it->first < end_ - 2 * ahead_ - 2 * kDisorder;
    it = idle && far ? slots_.erase(it) : std::next(it);
  }
  may_work_.notify_all();
}

void BatchLoader::Work() {
  std::unique_lock<std::mutex> lock(mutex_);
  while (true) {
    may_work_.wait(lock, [this] { return stopping_ || next_ < end_; });
    if (stopping_) return;
    const int64_t index = next_++;
    const auto [it, is_new] = slots_.try_emplace(index);
    if (!is_new) continue;  // begun before callers jumped back
    lock.unlock();
    auto batch = std::make_unique<absl::StatusOr<Batch>>(make_(index));
    lock.lock();
    it->second.batch = std::move(batch);
    made_.notify_all();
  }
}

}  // namespace rill::training
