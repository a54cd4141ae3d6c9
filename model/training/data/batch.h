// One training batch: clips packed into rows of one fixed length. A plain value.
#pragma once

#include <cstdint>
#include <vector>

namespace rill::training {

// A clip inside a batch. CTC sees each clip on its own; the encoder's state runs on from clip to
// clip along the row, which is how it learns to live in a long stream.
struct PackedClip {
  int64_t row;
  int64_t first_frame;  // encoder frames (40 ms) from the row's start
  int64_t frames;
  std::vector<int32_t> labels;        // token ids, without blanks
  float weight;                       // of its texts' loss
  std::vector<uint8_t> teacher = {};  // [frames, groups] codes (teacher_codes.h), or empty
  std::vector<int32_t> phones = {};   // likewise, for a model that hears phones; or empty
};

struct Batch {
  int64_t rows = 0;
  int64_t views = 1;  // 2: the second half of the rows has the clips of the first, masked otherwise
  int64_t frames = 0;  // encoder frames a row
  int64_t mel_bins = 0;
  std::vector<float>
      features;  // [rows, 4 * frames, mel_bins] log-mel, augmented, normalised (mean 0, variance 1)
  std::vector<int32_t> chunk_end;  // [rows, frames]: exclusive end of each frame's chunk
  std::vector<PackedClip> clips;
  uint64_t key = 0;          // drawn for this batch: for what the encoder draws at random
  double audio_seconds = 0;  // of clips, without padding
  int64_t characters = 0;    // of all clips (Clip::characters): what losses are divided by
};

}  // namespace rill::training
