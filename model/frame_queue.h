// A stream's feature frames on their way from the client's thread to the model's, with marks
// between them: a flush, new hot words, the end. Every member may be called from any thread. Not
// bounded by itself: see RecognitionStream.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <vector>

#include "absl/types/span.h"
#include "model/decoder/decoder_factory.h"
#include "model/state/state_reader.h"
#include "model/state/state_writer.h"

namespace rill {

class FrameQueue {
 public:
  struct Mark {
    enum class Kind { kFlush, kHotWords, kEnd };
    Kind kind = Kind::kFlush;
    uint64_t flush_id = 0;                      // for kFlush
    std::shared_ptr<const HotWords> hot_words;  // for kHotWords
    int64_t position = 0;                       // frames pushed before it
    int weight = 1;                             // what it counts for in size()
  };
  struct Taken {
    int frames = 0;
    // Flushes and the end follow the frames directly; hot words may be from any place among them.
    std::vector<Mark> marks;
  };

  explicit FrameQueue(int mel_bins) : mel_bins_(mel_bins) {}

  void Push(absl::Span<const float> frames);  // [n, mel_bins]
  void PushFlush(uint64_t flush_id);
  // For the frames to come, in place of others for the very same ones. `bytes`: what they occupy.
  void PushHotWords(std::shared_ptr<const HotWords> hot_words, size_t bytes);
  void PushEnd();

  // What waits, without the end. Load is for a queue just made; the hot words are made by
  // `factory`.
  void Save(StateWriter& writer) const;
  void Load(const DecoderFactory& factory, int max_frames, StateReader& reader);

  int frames() const;  // waiting
  // The same and the marks, which count by their memory, one at least: they fill a queue, too.
  int size() const;
  // Bytes of the hot words for frames that are here: others have not come in their place.
  size_t settled_hot_word_bytes() const;
  // Whether Take would give anything.
  bool ready(int chunk) const;

  // Appends up to max_chunks chunks of `chunk` frames to *frames. Before a flush and the end the
  // last chunk may be shorter, elsewhere there are only whole ones.
  Taken Take(int chunk, int max_chunks, std::vector<float>* frames);

 private:
  void PushMark(Mark mark);
  const Mark* FirstStop() const;  // a flush or the end; null if there is none
  // Frames before the first stop, or all if there is none.
  int64_t Available() const;

  const int mel_bins_;
  mutable std::mutex mutex_;
  // All guarded by mutex_. Frames lie in data_ from begin_ on; what is before it has been taken.
  std::vector<float> data_;
  size_t begin_ = 0;
  int64_t pushed_ = 0, taken_ = 0;  // frames, since the stream began
  std::deque<Mark> marks_;
  int64_t marks_weight_ = 0;
};

}  // namespace rill
