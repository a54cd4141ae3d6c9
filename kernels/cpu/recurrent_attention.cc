#include "kernels/cpu/recurrent_attention.h"

#include <algorithm>

#include "kernels/cpu/recurrent_attention_simd.h"

namespace rill::kernels {

void RecurrentAttentionStep(const RecurrentAttentionArgs& args) {
  int64_t first = 0;  // the row's first frame among those of all rows
  for (int64_t row = 0; row < args.rows; ++row) {
    const int64_t frames = args.frames[row];
    float* num = args.num + first * args.heads * kHeadDim;
    float* den = args.den + first * args.heads;
    if (args.slots[row] < 0) {
      std::fill_n(num, frames * args.heads * kHeadDim, 0.0f);
      std::fill_n(den, frames * args.heads, 0.0f);
      first += frames;
      continue;
    }
    const auto state_of = [&](int64_t of_row, int64_t head) {
      return args.state.base + args.slots[of_row] * args.state.slot_stride +
             head * args.state.head_stride;
    };
    for (int64_t head = 0; head < args.heads; ++head) {
      const bool last_head = head + 1 == args.heads;
      const int64_t next_row = last_head ? row + 1 : row;
      const bool has_next = next_row < args.rows && args.slots[next_row] >= 0;
      const int64_t at = first * args.frame_stride + head * kHeadDim;
      RILL_SIMD_CALL(
          StepHead,
          {.frames = frames,
           .chunk = std::clamp<int64_t>(args.chunks[row], 1, kMaxChunkFrames),
           .q = args.q + at,
           .k = args.k + at,
           .v = args.v + at,
           .qkv_stride = args.frame_stride,
           .log_decay =
               args.log_decay == nullptr ? nullptr : args.log_decay + first * args.heads + head,
           .num = num + head * kHeadDim,
           .num_stride = args.heads * kHeadDim,
           .den = den + head,
           .scalar_stride = args.heads,
           .state = state_of(row, head),
           .next_state = has_next ? state_of(next_row, last_head ? 0 : head + 1) : nullptr});
    }
    first += frames;
  }
}

}  // namespace rill::kernels
