#include "model/training/data/chunk_layout.h"

#include <algorithm>

namespace rill::training {

void GridChunks(int64_t length, absl::Span<int32_t> end) {
  const int64_t frames = static_cast<int64_t>(end.size());
  for (int64_t t = 0; t < frames; ++t) {
    end[t] = static_cast<int32_t>(std::min((t / length + 1) * length, frames));
  }
}

void WholeClipChunks(absl::Span<const ClipSpan> clips, absl::Span<int32_t> end) {
  GridChunks(1, end);
  for (const ClipSpan& clip : clips) {
    const int64_t clip_end = clip.first + clip.frames;
    std::fill(end.begin() + clip.first, end.begin() + clip_end, static_cast<int32_t>(clip_end));
  }
}

}  // namespace rill::training
