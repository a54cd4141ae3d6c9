#include "kernels/cuda/attention_sums.h"
#include "kernels/cuda/attention_tiles.h"
#include "kernels/cuda/launch.h"

namespace rill::kernels::cuda {
namespace {

constexpr int kScanThreads = 128;
constexpr int kLoadsAhead = 8;

// What one of the four sums is made of.
template <typename T>
struct Part {
  float* sums = nullptr;
  const T* rows = nullptr;
  const T* wide = nullptr;
  const float* last = nullptr;  // null: ones
  bool forward = false;         // runs from the first block to the last
  bool chunk_only = false;      // over the frames of one chunk
};

constexpr int kMaxParts = 4;

template <typename T>
struct SumArgs {
  AttentionShape shape;
  int64_t blocks;
  const float* log_decay;
  const int32_t* chunk_end;
  const float* z0;
  float* totals;
  float* sink_share;
  Part<T> parts[kMaxParts];
};

struct SumTiles {
  Tile rows, wide;
  float last[kTile];
  BlockWeights weights;
};

// One block's share of one sum, in the place of the running sum.
template <typename T>
__global__ void __launch_bounds__(kTileThreads, 4) SumBlock(SumArgs<T> args) {
  SumTiles& t = *BlockShared<SumTiles>();
  const Part<T> part = args.parts[blockIdx.y];
  const int64_t head = blockIdx.x / args.blocks, block = blockIdx.x % args.blocks;
  const Span span(block, args.shape.frames);
  const int32_t* chunk_end = ChunkEndOf(args.chunk_end, args.shape, head);
  if (part.chunk_only && !Straddles(chunk_end, part.forward ? span.end : span.begin, span.frames)) {
    return;
  }
  const int64_t first = head * span.frames + span.begin;
  const int n = span.size();
  PrepareWeights(span, LogDecayOf(args.log_decay, args.shape, head), chunk_end, t.weights);
  LoadTile(part.rows + first * kTile, n, t.rows);
  LoadTile(part.wide + first * kTile, n, t.wide);
  if (threadIdx.x < kTile) {
    const int i = threadIdx.x;
    const bool counts =
        !part.chunk_only || (part.forward ? t.weights.sees_later[i] : t.weights.seen_earlier[i]);
    const float weight = part.forward ? t.weights.to_end[i] : t.weights.from_start[i];
    t.last[i] = i < n && counts ? weight : 0.0f;
  }
  __syncthreads();
  for (int i = threadIdx.x; i < kTile * kTile; i += kTileThreads) {
    t.rows.at[i / kTile][i % kTile] *= t.last[i / kTile];
  }
  __syncthreads();
  ThreadTile sum = {};
  AddProductTN(t.wide, t.rows, sum);
  float* const out = part.sums + blockIdx.x * kSumFloats;
#pragma unroll
  for (int r = 0; r < kThreadTile; ++r) {
#pragma unroll
    for (int c = 0; c < kThreadTile; ++c) out[(FirstRow() + r) * kTile + Column(c)] = sum[r][c];
  }
  if (threadIdx.x < kTile) {
    float last_row = 0.0f;
    for (int i = 0; i < n; ++i) {
      last_row += t.rows.at[i][threadIdx.x] * (part.last == nullptr ? 1.0f : part.last[first + i]);
    }
    out[kTile * kTile + threadIdx.x] = last_row;
  }
  if (threadIdx.x == 0 && blockIdx.y == 0) args.totals[blockIdx.x] = t.weights.total(span);
}

// Turns the blocks' shares of one sum into what each of them reads. A thread an element.
template <typename T>
__global__ void __launch_bounds__(kScanThreads) ScanBlocks(SumArgs<T> args) {
  const int64_t element = int64_t{blockIdx.x} * kScanThreads + threadIdx.x;
  if (element >= kSumFloats) return;
  const Part<T> part = args.parts[blockIdx.z];
  const int64_t head = blockIdx.y;
  const int64_t z_element = element - kTile * kTile;  // where it is one of z
  const bool is_state = part.forward && !part.chunk_only;
  const int32_t* chunk_end = ChunkEndOf(args.chunk_end, args.shape, head);
  float carried = 0.0f;
  if (is_state && args.z0 != nullptr && z_element >= 0) {
    carried = args.z0[head % args.shape.heads * kTile + z_element];
  }
  for (int64_t first = 0; first < args.blocks; first += kLoadsAhead) {
    // All loads of a few blocks, then their stores: a store might change what a later load reads.
    float* place[kLoadsAhead];
    float share[kLoadsAhead], kept[kLoadsAhead];
    bool takes[kLoadsAhead];
#pragma unroll
    for (int i = 0; i < kLoadsAhead; ++i) {
      share[i] = 0.0f, kept[i] = 1.0f, takes[i] = false;
      if (first + i >= args.blocks) continue;
      const int64_t block = part.forward ? first + i : args.blocks - 1 - (first + i);
      const Span span(block, args.shape.frames);
      place[i] = part.sums + (head * args.blocks + block) * kSumFloats + element;
      const bool enters = Straddles(chunk_end, span.begin, span.frames);
      const bool leaves = Straddles(chunk_end, span.end, span.frames);
      takes[i] = !part.chunk_only || (part.forward ? enters : leaves);
      if (!part.chunk_only || (part.forward ? leaves : enters)) share[i] = *place[i];
      const bool passes = !part.chunk_only || Spans(chunk_end, span);
      kept[i] = passes ? args.totals[head * args.blocks + block] : 0.0f;
    }
#pragma unroll
    for (int i = 0; i < kLoadsAhead; ++i) {
      if (takes[i]) *place[i] = carried;
      carried = kept[i] * carried + share[i];
    }
  }
  if (!part.forward && !part.chunk_only && z_element >= 0) {
    args.sink_share[head * kTile + z_element] = carried;
  }
}

}  // namespace

AttentionSums PlanSums(const AttentionShape& shape, bool has_ahead, bool has_chunks, void* scratch,
                       size_t* bytes) {
  const int64_t heads = shape.batch * shape.heads, blocks = AttentionBlocks(shape.frames);
  float* next = static_cast<float*>(scratch);
  size_t floats = 0;
  const auto take = [&](int64_t n) {
    n = (n + kQuad - 1) / kQuad * kQuad;
    floats += static_cast<size_t>(n);
    if (next == nullptr) return static_cast<float*>(nullptr);
    float* const taken = next;
    next += n;
    return taken;
  };
  AttentionSums sums;
  sums.state = take(heads * blocks * kSumFloats);
  if (has_ahead) sums.ahead = take(heads * blocks * kSumFloats);
  if (has_chunks) sums.later = take(heads * blocks * kSumFloats);
  if (has_chunks && has_ahead) sums.earlier = take(heads * blocks * kSumFloats);
  sums.totals = take(heads * blocks);
  if (has_ahead) sums.sink_share = take(heads * kTile);
  if (bytes != nullptr) *bytes = floats * sizeof(float);
  return sums;
}

template <typename T>
cudaError_t ComputeSums(const AttentionShape& shape, const AttentionInputs<T>& in, const T* d_num,
                        const float* d_den, const AttentionSums& sums, cudaStream_t stream) {
  const int64_t heads = shape.batch * shape.heads;
  SumArgs<T> args = {};
  args.shape = shape;
  args.blocks = AttentionBlocks(shape.frames);
  args.log_decay = in.log_decay;
  args.chunk_end = in.chunk_end;
  args.z0 = in.z0;
  args.totals = sums.totals;
  args.sink_share = sums.sink_share;
  unsigned parts = 0;
  const auto add = [&](float* sum, bool of_keys, bool forward, bool chunk_only) {
    if (sum == nullptr) return;
    Part<T>& part = args.parts[parts++];
    part.sums = sum;
    part.rows = of_keys ? in.k : in.q;
    part.wide = of_keys ? in.v : d_num;
    part.last = of_keys ? nullptr : d_den;
    part.forward = forward;
    part.chunk_only = chunk_only;
  };
  add(sums.state, true, true, false);
  add(sums.ahead, false, false, false);
  add(sums.later, true, false, true);
  add(sums.earlier, false, true, true);
  const cudaError_t error =
      Launch(SumBlock<T>, dim3(static_cast<unsigned>(heads * args.blocks), parts), kTileThreads,
             sizeof(SumTiles), stream, args);
  if (error != cudaSuccess || args.blocks == 0) return error;
  const dim3 grid(static_cast<unsigned>(CeilDiv(kSumFloats, kScanThreads)),
                  static_cast<unsigned>(heads), parts);
  return Launch(ScanBlocks<T>, grid, kScanThreads, 0, stream, args);
}

#define RILL_INSTANTIATE(T)                                                                    \
  template cudaError_t ComputeSums(const AttentionShape&, const AttentionInputs<T>&, const T*, \
                                   const float*, const AttentionSums&, cudaStream_t);
RILL_INSTANTIATE(float)
RILL_INSTANTIATE(BFloat16)
#undef RILL_INSTANTIATE

}  // namespace rill::kernels::cuda
