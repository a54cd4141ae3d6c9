#include "model/frame_queue.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace rill {
namespace {

constexpr size_t kKeptFloats = 16 << 10;  // memory an empty queue holds on to: 64 KB
constexpr size_t kMaxSavedMarks = 1 << 16;

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
  if (mark.kind == Mark::Kind::kHotWords && !marks_.empty() &&
      marks_.back().kind == Mark::Kind::kHotWords && marks_.back().position == pushed_) {
    marks_weight_ -= marks_.back().weight;
    marks_.pop_back();
  }
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

void FrameQueue::Save(StateWriter& writer) const {
  const std::lock_guard lock(mutex_);
  writer.Write(taken_);
  writer.WriteAll<float>(absl::MakeConstSpan(data_).subspan(begin_));
  writer.Write<uint64_t>(marks_.size());
  int64_t last = taken_;
  for (const Mark& mark : marks_) {
    writer.Write<uint8_t>(static_cast<uint8_t>(mark.kind));
    writer.Write(mark.flush_id);
    rill::Save(mark.hot_words.get(), writer);
    writer.Write<uint64_t>(static_cast<uint64_t>(mark.position - last));
    last = mark.position;
  }
}

void FrameQueue::Load(const DecoderFactory& factory, int max_frames, StateReader& reader) {
  pushed_ = taken_ = reader.ReadTime();
  const size_t bins = static_cast<size_t>(mel_bins_);
  const std::vector<float> frames =
      reader.ReadAll<float>(static_cast<size_t>(max_frames) * bins, "waiting frames");
  for (const float value : frames) {
    if (!reader.Require(std::isfinite(value), "waiting frames")) return;
  }
  reader.Require(frames.size() % bins == 0, "waiting frames");
  const size_t marks = reader.ReadCount(kMaxSavedMarks, "marks");
  absl::Span<const float> rest(frames);
  for (size_t i = 0; i < marks && reader.ok(); ++i) {
    const auto kind = static_cast<Mark::Kind>(reader.ReadIn<uint8_t>(0, 1, "kind of a mark"));
    const uint64_t flush_id = reader.Read<uint64_t>();
    auto hot_words = factory.LoadHotWords(reader);
    const size_t before = reader.ReadCount(rest.size() / bins, "frames before a mark");
    Push(rest.first(before * bins));
    rest.remove_prefix(before * bins);
    if (kind == Mark::Kind::kFlush) {
      PushFlush(flush_id);
    } else {
      const size_t bytes = hot_words == nullptr ? 0 : hot_words->bytes();
      PushHotWords(std::move(hot_words), bytes);
    }
  }
  Push(rest);
}

int FrameQueue::frames() const {
  const std::lock_guard lock(mutex_);
  return static_cast<int>(pushed_ - taken_);
}

int FrameQueue::size() const {
  const std::lock_guard lock(mutex_);
  return static_cast<int>(pushed_ - taken_ + marks_weight_);
}

size_t FrameQueue::settled_hot_word_bytes() const {
  const std::lock_guard lock(mutex_);
  size_t weight = 0;
  for (const Mark& mark : marks_) {
    if (mark.kind == Mark::Kind::kHotWords && mark.position < pushed_) weight += mark.weight;
  }
  return weight * mel_bins_ * sizeof(float);
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
