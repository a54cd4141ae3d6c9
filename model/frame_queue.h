// A stream's feature frames on their way from the client's thread to the model's, with marks
// between them: a flush, the end. Every member may be called from any thread. Not bounded by
// itself: see RecognitionStream.
#pragma once

#include <cstdint>
#include <deque>
#include <mutex>
#include <vector>

#include "absl/types/span.h"

namespace rill {

class FrameQueue {
 public:
  struct Mark {
    bool end = false;  // of the stream; otherwise a flush
    uint64_t flush_id = 0;
    int64_t position = 0;  // frames pushed before it
  };
  struct Taken {
    int frames = 0;
    std::vector<Mark> marks;  // those that follow directly
  };

  explicit FrameQueue(int mel_bins) : mel_bins_(mel_bins) {}

  void Push(absl::Span<const float> frames);  // [n, mel_bins]
  void PushFlush(uint64_t flush_id);
  void PushEnd();

  // Frames waiting; a mark counts as one, so that marks alone fill a queue, too.
  int size() const;
  // Whether Take would give anything.
  bool ready(int chunk) const;

  // Appends up to max_chunks chunks of `chunk` frames to *frames. Before a mark the last chunk may
  // be shorter, elsewhere there are only whole ones.
  Taken Take(int chunk, int max_chunks, std::vector<float>* frames);

 private:
  void PushMark(Mark mark);
  // Frames before the first mark, or all if there is none.
  int64_t Available() const;

  const int mel_bins_;
  mutable std::mutex mutex_;
  // All guarded by mutex_. Frames lie in data_ from begin_ on; what is before it has been taken.
  std::vector<float> data_;
  size_t begin_ = 0;
  int64_t pushed_ = 0, taken_ = 0;  // frames, since the stream began
  std::deque<Mark> marks_;
};

}  // namespace rill
