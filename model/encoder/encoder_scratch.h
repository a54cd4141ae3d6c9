// A thread's working memory for Encoder::Step, and the step's rows as the kernels take them.
// Private to model/encoder. One thread at a time.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/types/span.h"
#include "kernels/cpu/matmul.h"
#include "model/encoder/encoder.h"

namespace rill {

// Dense layers run over this many frames at a time, so that what lies between two of them stays in
// the cache. A multiple of every PackedLinear's tile.
inline constexpr int64_t kBlockFrames = 64;

// Calls body(first, count) for each block of up to kBlockFrames frames.
template <typename Body>
void ForEachBlock(int64_t frames, const Body& body) {
  for (int64_t first = 0; first < frames; first += kBlockFrames) {
    body(first, std::min(kBlockFrames, frames - first));
  }
}

// Floats that grow to the largest size asked for; what was in them is lost.
class ScratchBuffer {
 public:
  float* Get(int64_t floats) {
    if (floats > size_) {
      data_.reset(new float[floats]);
      size_ = floats;
    }
    return data_.get();
  }

 private:
  std::unique_ptr<float[]> data_;
  int64_t size_ = 0;
};

class EncoderScratch {
 public:
  explicit EncoderScratch(int width) : width(width) {}

  // Takes over the rows and makes room for their frames.
  void Begin(absl::Span<const EncoderRow> rows) {
    slots.clear(), frames.clear(), chunks.clear();
    total_frames = 0;
    for (const EncoderRow& row : rows) {
      slots.push_back(row.slot);
      frames.push_back(row.frames);
      chunks.push_back(row.chunk_frames);
      total_frames += row.frames;
    }
    x = residual_.Get(total_frames * width);
    branch = branch_.Get(total_frames * width);
    branch_scale = 0;
  }

  const int width;
  std::vector<int32_t> slots, frames, chunks;  // one a row
  int64_t total_frames = 0;

  // The residual stream [total_frames, width], and a branch that is still to be added to it, times
  // branch_scale, by the next norm; none if that is zero.
  float* x = nullptr;
  float* branch = nullptr;
  float branch_scale = 0;

  // For whoever computes at the moment.
  ScratchBuffer normed, hidden, projected, mixed, denominators, log_decays;
  ScratchBuffer level0, level1, patches, level2;
  std::unique_ptr<kernels::MatmulScratch, void (*)(kernels::MatmulScratch*)> matmul =
      kernels::NewMatmulScratch();

 private:
  ScratchBuffer residual_, branch_;
};

}  // namespace rill
