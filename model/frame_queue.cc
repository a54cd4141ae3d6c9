#include "model/frame_queue.h"

#include <algorithm>
#include <utility>

namespace rill {
namespace {

constexpr size_t kKeptFloats = 16 << 10;  // memory an empty queue holds on to: 64 KB

}  // namespace

void FrameQueue::Push(absl::Span<const float> frames) {
  const std::lock_guard lock(mutex_);
  if (begin_ > data_.size() / 2) {
    data_.erase(data_.begin(), data_.begin() + static_cast<int64_t>(begin_));
    begin_ = 0;
  }
  data_.insert(data_.end(), frames.begin(), frames.end());
  pushed_ += static_cast<int64_t>(frames.size()) / mel_bins_;
}

void FrameQueue::PushFlush(uint64_t flush_id) {
  Mark mark;
  mark.kind = Mark::Kind::kFlush;
  mark.flush_id = flush_id;
  PushMark(std::move(mark));
}

void FrameQueue::PushHotWords(std::shared_ptr<const HotWords> hot_words, size_t bytes) {
  Mark mark;
  mark.kind = Mark::Kind::kHotWords;
  mark.hot_words = std::move(hot_words);
  mark.weight = 1 + static_cast<int>(bytes / (mel_bins_ * sizeof(float)));
  PushMark(std::move(mark));
}

void FrameQueue::PushEnd() {
  Mark mark;
  mark.kind = Mark::Kind::kEnd;
  PushMark(std::move(mark));
}

void FrameQueue::PushMark(Mark mark) {
  const std::lock_guard lock(mutex_);
  mark.position = pushed_;
  marks_weight_ += mark.weight;
  marks_.push_back(std::move(mark));
}

const FrameQueue::Mark* FrameQueue::FirstStop() const {
  for (const Mark& mark : marks_) {
    if (mark.kind != Mark::Kind::kHotWords) return &mark;
  }
  return nullptr;
}

int64_t FrameQueue::Available() const {
  const Mark* stop = FirstStop();
  return (stop == nullptr ? pushed_ : stop->position) - taken_;
}

int FrameQueue::size() const {
  const std::lock_guard lock(mutex_);
  return static_cast<int>(pushed_ - taken_ + marks_weight_);
}

bool FrameQueue::ready(int chunk) const {
  const std::lock_guard lock(mutex_);
  return FirstStop() != nullptr || Available() >= chunk;
}

FrameQueue::Taken FrameQueue::Take(int chunk, int max_chunks, std::vector<float>* frames) {
  const std::lock_guard lock(mutex_);
  Taken taken;
  int64_t count = std::min(Available(), int64_t{chunk} * max_chunks);
  if (FirstStop() == nullptr) count -= count % chunk;
  taken.frames = static_cast<int>(count);
  taken_ += count;
  while (!marks_.empty() && marks_.front().position <= taken_) {
    marks_weight_ -= marks_.front().weight;
    taken.marks.push_back(std::move(marks_.front()));
    marks_.pop_front();
  }
  const auto from = data_.begin() + static_cast<int64_t>(begin_);
  frames->insert(frames->end(), from, from + count * mel_bins_);
  begin_ += static_cast<size_t>(count) * mel_bins_;
  if (begin_ == data_.size()) {
    data_.clear();
    begin_ = 0;
    if (data_.capacity() > kKeptFloats) data_.shrink_to_fit();
  }
  return taken;
}

}  // namespace rill
