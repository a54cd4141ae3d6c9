// The streams of one serving step, as the device sees them. All pointers are to device memory, so a
// CUDA graph that was recorded once serves every step of at most as many rows: rows that are not
// used are padding.
#pragma once

#include <cstdint>

namespace rill::kernels::cuda {

struct StepRows {
  int32_t rows;
  const int32_t* slots;   // [rows]; the stream's place in the arena; -1: a padding row; none twice
  const int32_t* starts;  // [rows + 1]; row r has the frames starts[r] .. starts[r + 1] - 1
};

// A part of every slot of the arena: slot s has it at base + s * slot_stride floats. Aligned to
// four floats.
struct SlotPart {
  float* base;
  int64_t slot_stride;
};

}  // namespace rill::kernels::cuda
