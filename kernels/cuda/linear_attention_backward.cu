// The backward pass: every gradient of one block of frames of one head, from the four sums at its
// borders (attention_sums.h). The formulae are those of
// kernels/cpu/linear_attention_backward_simd.cc.
#include "kernels/cuda/attention_sums.h"
#include "kernels/cuda/attention_tiles.h"
#include "kernels/cuda/launch.h"
#include "kernels/cuda/linear_attention.h"

namespace rill::kernels::cuda {
namespace {

constexpr int kWarps = kTileThreads / kWarp;

struct BackwardTiles {
  Tile q, k, v;
  Tile d_num;
  Tile scores, d_scores;  // both times their weights
  Tile spare;             // a sum, or a result on its way out
  float last[kTile];      // a sum's last row
  float d_den[kTile];
  float d_a[kTile];  // gradient of the running sum of log_decay
  float warp_sums[kWarps];
  BlockWeights weights;
};

template <typename T>
struct BackwardArgs {
  AttentionShape shape;
  int64_t blocks;
  AttentionInputs<T> in;
  const T* d_num;
  const float* d_den;
  AttentionGradients<T> out;
  AttentionSums sums;
};

// The scores and their gradients, and what their product gives to d_a.
__device__ void ScorePairs(BackwardTiles& t) {
  ThreadTile scores = {}, d_scores = {};
  AddProductNT(t.q, t.k, scores);
  AddProductNT(t.d_num, t.v, d_scores);
  ThreadTile pairs;
#pragma unroll
  for (int r = 0; r < kThreadTile; ++r) {
    const int i = FirstRow() + r;
#pragma unroll
    for (int c = 0; c < kThreadTile; ++c) {
      const int j = Column(c);
      const float weight = j < t.weights.visible[i] ? t.weights.Between(i, j) : 0.0f;
      const float d_score = d_scores[r][c] + t.d_den[i];
      scores[r][c] *= weight;
      pairs[r][c] = j == i ? 0.0f : scores[r][c] * (j < i ? d_score : -d_score);
      d_scores[r][c] = d_score * weight;
    }
  }
  PutTogether(scores, t.scores);
  PutTogether(d_scores, t.d_scores);
  PutTogether(pairs, t.spare);
  __syncthreads();
  if (threadIdx.x < kTile) {
    const int i = threadIdx.x;
    float sum = 0.0f;
    for (int j = 0; j < kTile; ++j) sum += t.spare.at[i][j] - t.spare.at[j][i];
    t.d_a[i] = sum;
  }
}

// Loads a sum to t.spare and t.last.
__device__ void LoadSum(const float* sum, BackwardTiles& t) {
  __syncthreads();
  LoadTile(sum, kTile, t.spare);
  if (threadIdx.x < kTile) t.last[threadIdx.x] = sum[kTile * kTile + threadIdx.x];
  __syncthreads();
}

// d_rows += weight o ([wide, last_column] sum), with the share of d_a: sign * rows . d_rows.
template <typename Weight, typename LastColumn>
__device__ void ReadSum(const Tile& wide, const LastColumn& last_column, const Weight& weight,
                        float sign, const Tile& rows, BackwardTiles& t, ThreadTile& d_rows) {
  ThreadTile read = {};
  AddProductNN(wide, t.spare, read);
#pragma unroll
  for (int r = 0; r < kThreadTile; ++r) {
    const int i = FirstRow() + r;
    const float w = weight(i);
    float dot = 0.0f;
#pragma unroll
    for (int c = 0; c < kThreadTile; ++c) {
      const float d = w * fmaf(last_column(i), t.last[Column(c)], read[r][c]);
      dot = fmaf(rows.at[i][Column(c)], d, dot);
      d_rows[r][c] += d;
    }
    dot = LaneSum<kColumnThreads>(dot);
    if (threadIdx.x % kColumnThreads == 0) t.d_a[i] += sign * dot;
  }
}

// d_v += weight o (k sum^T)
template <typename Weight>
__device__ void ReadTransposed(const Weight& weight, const BackwardTiles& t, ThreadTile& d_v) {
  ThreadTile read = {};
  AddProductNT(t.k, t.spare, read);
#pragma unroll
  for (int r = 0; r < kThreadTile; ++r) {
    const float w = weight(FirstRow() + r);
#pragma unroll
    for (int c = 0; c < kThreadTile; ++c) d_v[r][c] = fmaf(w, read[r][c], d_v[r][c]);
  }
}

template <typename T>
__device__ void StoreResult(const ThreadTile& result, int n, BackwardTiles& t, T* to) {
  __syncthreads();
  PutTogether(result, t.spare);
  __syncthreads();
  StoreTile(t.spare, n, to);
}

// a . b, in thread 0.
__device__ float DotOfSums(const float* a, const float* b, BackwardTiles& t) {
  float sum = 0.0f;
  for (int i = threadIdx.x * kQuad; i < kSumFloats; i += kTileThreads * kQuad) {
    sum += Dot(LoadQuad(a + i), LoadQuad(b + i));
  }
  sum = LaneSum(sum);
  __syncthreads();
  if (threadIdx.x % kWarp == 0) t.warp_sums[threadIdx.x / kWarp] = sum;
  __syncthreads();
  float all = 0.0f;
  for (int warp = 0; warp < kWarps; ++warp) all += t.warp_sums[warp];
  return all;
}

template <typename T>
__global__ void __launch_bounds__(kTileThreads, 1) BlockGradients(BackwardArgs<T> args) {
  BackwardTiles& t = *BlockShared<BackwardTiles>();
  const int64_t head = blockIdx.x / args.blocks;
  const Span span(blockIdx.x % args.blocks, args.shape.frames);
  const int64_t first = head * span.frames + span.begin;
  const int n = span.size();
  const int32_t* chunk_end = ChunkEndOf(args.in.chunk_end, args.shape, head);
  const bool enters = Straddles(chunk_end, span.begin, span.frames);
  const bool leaves = Straddles(chunk_end, span.end, span.frames);
  LoadTile(args.in.q + first * kTile, n, t.q);
  LoadTile(args.in.k + first * kTile, n, t.k);
  LoadTile(args.in.v + first * kTile, n, t.v);
  LoadTile(args.d_num + first * kTile, n, t.d_num);
  const int i = threadIdx.x;
  if (i < kTile) t.d_den[i] = i < n ? args.d_den[first + i] : 0.0f;
  PrepareWeights(span, LogDecayOf(args.in.log_decay, args.shape, head), chunk_end, t.weights);
  ScorePairs(t);

  const BlockWeights& w = t.weights;
  const auto from_start = [&](int i) { return w.from_start[i]; };
  const auto to_end = [&](int i) { return w.to_end[i]; };
  const auto to_later = [&](int i) { return w.sees_later[i] ? w.to_end[i] : 0.0f; };
  const auto from_earlier = [&](int i) { return w.seen_earlier[i] ? w.from_start[i] : 0.0f; };
  const auto d_den = [&](int i) { return t.d_den[i]; };
  const auto one = [](int) { return 1.0f; };
  const int64_t sum = blockIdx.x * kSumFloats;

  ThreadTile d_q = {};
  LoadSum(args.sums.state + sum, t);
  ReadSum(t.d_num, d_den, from_start, 1.0f, t.q, t, d_q);
  if (leaves) {
    LoadSum(args.sums.later + sum, t);
    ReadSum(t.d_num, d_den, to_later, -1.0f, t.q, t, d_q);
  }
  AddProductNN(t.d_scores, t.k, d_q);
  StoreResult(d_q, n, t, args.out.d_q + first * kTile);

  ThreadTile d_k = {}, d_v = {};
  LoadSum(args.sums.ahead + sum, t);
  ReadSum(t.v, one, to_end, -1.0f, t.k, t, d_k);
  ReadTransposed(to_end, t, d_v);
  if (enters) {
    LoadSum(args.sums.earlier + sum, t);
    ReadSum(t.v, one, from_earlier, 1.0f, t.k, t, d_k);
    ReadTransposed(from_earlier, t, d_v);
  }
  AddProductTN(t.d_scores, t.q, d_k);
  AddProductTN(t.scores, t.d_num, d_v);
  StoreResult(d_k, n, t, args.out.d_k + first * kTile);
  StoreResult(d_v, n, t, args.out.d_v + first * kTile);

  if (args.out.d_log_decay == nullptr) return;
  // The pairs with both frames outside the block, on different sides of it; then, frame by frame,
  // those with one inside.
  float beyond = 0.0f;
  if (span.end < span.frames) {
    beyond = DotOfSums(args.sums.state + sum + kSumFloats, args.sums.ahead + sum, t);
  }
  if (leaves) {
    beyond += DotOfSums(args.sums.later + sum, args.sums.earlier + sum + kSumFloats, t);
  }
  if (threadIdx.x == 0) {
    double running = beyond;
    for (int i = n - 1; i >= 0; --i) {
      running += t.d_a[i];
      args.out.d_log_decay[first + i] = static_cast<float>(running);
    }
  }
}

// d_z0 [heads, 64] += the sequences' shares, in their order. A thread an element.
__global__ void __launch_bounds__(kTile)
    AddSinkShares(AttentionShape shape, const float* shares, float* d_z0) {
  const int64_t element = int64_t{blockIdx.x} * kTile + threadIdx.x;
  float sum = d_z0[element];
  for (int64_t b = 0; b < shape.batch; ++b) sum += shares[b * shape.heads * kTile + element];
  d_z0[element] = sum;
}

}  // namespace

template <typename T>
cudaError_t LinearAttentionBackward(const AttentionShape& shape, const AttentionInputs<T>& in,
                                    const T* d_num, const float* d_den,
                                    const AttentionGradients<T>& out, void* scratch,
                                    cudaStream_t stream) {
  const AttentionSums sums = PlanSums(shape, true, in.chunk_end != nullptr, scratch, nullptr);
  cudaError_t error = ComputeSums(shape, in, d_num, d_den, sums, stream);
  if (error != cudaSuccess) return error;
  const int64_t blocks = AttentionBlocks(shape.frames);
  const BackwardArgs<T> args = {shape, blocks, in, d_num, d_den, out, sums};
  error = Launch(BlockGradients<T>, static_cast<unsigned>(shape.batch * shape.heads * blocks),
                 kTileThreads, sizeof(BackwardTiles), stream, args);
  if (error != cudaSuccess || out.d_z0 == nullptr || blocks == 0) return error;
  return Launch(AddSinkShares, static_cast<unsigned>(shape.heads), kTile, 0, stream, shape,
                sums.sink_share, out.d_z0);
}

#define RILL_INSTANTIATE(T)                                                                      \
  template cudaError_t LinearAttentionBackward(const AttentionShape&, const AttentionInputs<T>&, \
                                               const T*, const float*,                           \
                                               const AttentionGradients<T>&, void*, cudaStream_t);
RILL_INSTANTIATE(float)
RILL_INSTANTIATE(BFloat16)
#undef RILL_INSTANTIATE

}  // namespace rill::kernels::cuda
