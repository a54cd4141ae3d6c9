#include "kernels/cpu/linear_attention.h"

#include <algorithm>
#include <memory>
#include <vector>

#include "kernels/cpu/linear_attention_simd.h"
#include "kernels/cpu/simd.h"

namespace rill::kernels {
namespace {

// Kept from call to call: the trainer runs the same shapes millions of times, and fresh pages cost
// more than the arithmetic.
struct ThreadScratch {
  std::unique_ptr<AttentionTiles> tiles = std::make_unique<AttentionTiles>();
  std::vector<AttentionBlock> blocks;
  std::vector<float> later;
  std::vector<float> ahead;
};

ThreadScratch& LocalScratch() {
  thread_local ThreadScratch scratch;
  return scratch;
}

// Cuts a sequence into blocks; returns how many of them have a `later` state.
int32_t PlanBlocks(int64_t frames, const int32_t* chunk_end, std::vector<AttentionBlock>& blocks) {
  const auto end_of = [&](int64_t t) {
    return chunk_end == nullptr ? t + 1 : std::clamp<int64_t>(chunk_end[t], t + 1, frames);
  };
  blocks.clear();
  int32_t num_later = 0;
  for (int64_t begin = 0; begin < frames;) {
    const bool inside_chunk = !blocks.empty() && blocks.back().later >= 0;
    int64_t end = begin;
    int32_t later = -1;
    if (inside_chunk || end_of(begin) - begin > kBlockFrames) {
      end = std::min(end_of(begin), begin + kBlockFrames);
      if (end < end_of(begin)) later = num_later++;
    } else {
      while (end < frames && end_of(end) - begin <= kBlockFrames) end = end_of(end);
    }
    blocks.push_back({static_cast<int32_t>(begin), static_cast<int32_t>(end), later});
    begin = end;
  }
  return num_later;
}

// Calls body(plan, inputs, scratch, head's index, first frame's index) for every head.
template <typename T, typename Body>
void ForEachHead(const AttentionShape& shape, const AttentionInputs<T>& in, bool backward,
                 const Body& body) {
  ThreadScratch& local = LocalScratch();
  for (int64_t b = 0; b < shape.batch; ++b) {
    const int32_t* chunk_end = in.chunk_end == nullptr ? nullptr : in.chunk_end + b * shape.frames;
    const int32_t num_later = PlanBlocks(shape.frames, chunk_end, local.blocks);
    local.later.resize(num_later * kStateFloats);
    if (backward) local.ahead.resize(local.blocks.size() * kStateFloats);
    const AttentionPlan plan{local.blocks.data(), static_cast<int64_t>(local.blocks.size())};
    const AttentionScratch scratch{local.tiles.get(), local.later.data(), local.ahead.data()};
    for (int64_t h = 0; h < shape.heads; ++h) {
      const int64_t first = (b * shape.heads + h) * shape.frames;
      const HeadInputs<T> head{
          in.q + first * kHeadDim,
          in.k + first * kHeadDim,
          in.v + first * kHeadDim,
          in.log_decay == nullptr ? nullptr : in.log_decay + first,
          chunk_end,
          in.z0 == nullptr ? nullptr : in.z0 + h * kHeadDim,
      };
      body(plan, head, scratch, h, first);
    }
  }
}

}  // namespace

template <typename T>
void LinearAttentionForward(const AttentionShape& shape, const AttentionInputs<T>& in, T* num,
                            float* den) {
  ForEachHead(shape, in, /*backward=*/false,
              [&](const AttentionPlan& plan, const HeadInputs<T>& head,
                  const AttentionScratch& scratch, int64_t, int64_t first) {
                RILL_SIMD_CALL(AttendHead, plan, head, scratch, num + first * kHeadDim,
                               den + first);
              });
}

template <typename T>
void LinearAttentionBackward(const AttentionShape& shape, const AttentionInputs<T>& in,
                             const T* d_num, const float* d_den, const AttentionGradients<T>& out) {
  ForEachHead(shape, in, /*backward=*/true,
              [&](const AttentionPlan& plan, const HeadInputs<T>& head,
                  const AttentionScratch& scratch, int64_t h, int64_t first) {
                const HeadGradients<T> gradients{
                    d_num + first * kHeadDim,
                    d_den + first,
                    out.d_q + first * kHeadDim,
                    out.d_k + first * kHeadDim,
                    out.d_v + first * kHeadDim,
                    out.d_log_decay == nullptr ? nullptr : out.d_log_decay + first,
                    out.d_z0 == nullptr ? nullptr : out.d_z0 + h * kHeadDim,
                };
                RILL_SIMD_CALL(AttendHeadBackward, plan, head, scratch, gradients);
              });
}

template void LinearAttentionForward(const AttentionShape&, const AttentionInputs<float>&, float*,
                                     float*);
template void LinearAttentionForward(const AttentionShape&, const AttentionInputs<BFloat16>&,
                                     BFloat16*, float*);
template void LinearAttentionBackward(const AttentionShape&, const AttentionInputs<float>&,
                                      const float*, const float*, const AttentionGradients<float>&);
template void LinearAttentionBackward(const AttentionShape&, const AttentionInputs<BFloat16>&,
                                      const BFloat16*, const float*,
                                      const AttentionGradients<BFloat16>&);

}  // namespace rill::kernels
