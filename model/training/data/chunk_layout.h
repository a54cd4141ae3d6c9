// Where the chunks of a packed row end. Pure functions; any thread.
#pragma once

#include <cstdint>

#include "absl/types/span.h"

namespace rill::training {

// A clip's place in a row, in encoder frames.
struct ClipSpan {
  int64_t first;
  int64_t frames;
};

// Exclusive end of each frame's chunk; end.size() frames a row. Chunks of `length` frames from the
// row's start, the last one shorter if need be.
void GridChunks(int64_t length, absl::Span<int32_t> end);

// One chunk a clip; frames of no clip are chunks of their own. Clips do not overlap.
void WholeClipChunks(absl::Span<const ClipSpan> clips, absl::Span<int32_t> end);

}  // namespace rill::training
