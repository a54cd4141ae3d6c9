// The forward pass. A block of threads is a block of frames of one head: scores inside it, and what
// its queries read of the sums on either side.
#include "kernels/cuda/attention_sums.h"
#include "kernels/cuda/attention_tiles.h"
#include "kernels/cuda/launch.h"
#include "kernels/cuda/linear_attention.h"

namespace rill::kernels::cuda {
namespace {

struct ForwardTiles {
  Tile q;
  Tile k;  // later a sum
  Tile v;  // later the result
  Tile scores;
  float z[kTile];
  BlockWeights weights;
};

template <typename T>
struct ForwardArgs {
  AttentionShape shape;
  int64_t blocks;
  AttentionInputs<T> in;
  AttentionSums sums;
  T* num;
  float* den;
};

// num += weight o (q S), den += weight o (q z): what the queries read of a sum. weight is one of
// t.weights' arrays. The caller no longer needs t.k.
template <typename Weight>
__device__ void ReadSum(const float* sum, const Weight& weight, ForwardTiles& t, ThreadTile& num,
                        float (&den)[kThreadTile]) {
  __syncthreads();
  LoadTile(sum, kTile, t.k);
  if (threadIdx.x < kTile) t.z[threadIdx.x] = sum[kTile * kTile + threadIdx.x];
  __syncthreads();
  ThreadTile read = {};
  AddProductNT(t.q, t.k, read);
#pragma unroll
  for (int r = 0; r < kThreadTile; ++r) {
    const float w = weight(FirstRow() + r);
#pragma unroll
    for (int c = 0; c < kThreadTile; ++c) {
      num[r][c] = fmaf(w, read[r][c], num[r][c]);
      den[r] = fmaf(w, t.q.at[FirstRow() + r][Column(c)] * t.z[Column(c)], den[r]);
    }
  }
}

template <typename T>
__global__ void __launch_bounds__(kTileThreads, 3) AttendBlock(ForwardArgs<T> args) {
  ForwardTiles& t = *BlockShared<ForwardTiles>();
  const int64_t head = blockIdx.x / args.blocks;
  const Span span(blockIdx.x % args.blocks, args.shape.frames);
  const int64_t first = head * span.frames + span.begin;
  const int n = span.size();
  const int32_t* chunk_end = ChunkEndOf(args.in.chunk_end, args.shape, head);
  LoadTile(args.in.q + first * kTile, n, t.q);
  LoadTile(args.in.k + first * kTile, n, t.k);
  LoadTile(args.in.v + first * kTile, n, t.v);
  PrepareWeights(span, LogDecayOf(args.in.log_decay, args.shape, head), chunk_end, t.weights);

  ThreadTile num = {};
  float den[kThreadTile] = {};
  {
    ThreadTile scores = {};
    AddProductNT(t.q, t.k, scores);
#pragma unroll
    for (int r = 0; r < kThreadTile; ++r) {
      const int i = FirstRow() + r;
#pragma unroll
      for (int c = 0; c < kThreadTile; ++c) {
        const int j = Column(c);
        scores[r][c] = j < t.weights.visible[i] ? scores[r][c] * t.weights.Between(i, j) : 0.0f;
        den[r] += scores[r][c];
      }
    }
    PutTogether(scores, t.scores);
  }
  __syncthreads();
  AddProductNN(t.scores, t.v, num);

  const int64_t sum = blockIdx.x * kSumFloats;
  ReadSum(
      args.sums.state + sum, [&](int i) { return t.weights.from_start[i]; }, t, num, den);
  if (Straddles(chunk_end, span.end, span.frames)) {
    ReadSum(
        args.sums.later + sum,
        [&](int i) { return t.weights.sees_later[i] ? t.weights.to_end[i] : 0.0f; }, t, num, den);
  }

  // The barriers of ReadSum lie between the last look at t.v and this.
  PutTogether(num, t.v);
#pragma unroll
  for (int r = 0; r < kThreadTile; ++r) {
    const float row = LaneSum<kColumnThreads>(den[r]);
    const int i = FirstRow() + r;
    if (threadIdx.x % kColumnThreads == 0 && i < n) args.den[first + i] = row;
  }
  __syncthreads();
  StoreTile(t.v, n, args.num + first * kTile);
}

}  // namespace

size_t LinearAttentionScratchBytes(const AttentionShape& shape, bool backward, bool has_chunks) {
  size_t bytes = 0;
  PlanSums(shape, backward, has_chunks, nullptr, &bytes);
  return bytes;
}

template <typename T>
cudaError_t LinearAttentionForward(const AttentionShape& shape, const AttentionInputs<T>& in,
                                   T* num, float* den, void* scratch, cudaStream_t stream) {
  const AttentionSums sums = PlanSums(shape, false, in.chunk_end != nullptr, scratch, nullptr);
  const cudaError_t error = ComputeSums<T>(shape, in, nullptr, nullptr, sums, stream);
  if (error != cudaSuccess) return error;
  const int64_t blocks = AttentionBlocks(shape.frames);
  const ForwardArgs<T> args = {shape, blocks, in, sums, num, den};
  return Launch(AttendBlock<T>, static_cast<unsigned>(shape.batch * shape.heads * blocks),
                kTileThreads, sizeof(ForwardTiles), stream, args);
}

#define RILL_INSTANTIATE(T)                                                                     \
  template cudaError_t LinearAttentionForward(const AttentionShape&, const AttentionInputs<T>&, \
                                              T*, float*, void*, cudaStream_t);
RILL_INSTANTIATE(float)
RILL_INSTANTIATE(BFloat16)
#undef RILL_INSTANTIATE

}  // namespace rill::kernels::cuda
