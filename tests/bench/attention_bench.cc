// Linear against softmax attention over the number of frames, one head of width 64, float, one
// thread: time, and working memory beside inputs and outputs (the counter `scratch`). And the
// recurrent step of many streams against a memory copy.
//
// Softmax attention takes time with the square of the frames: choose with --benchmark_filter, or
// wait for minutes.
#include <benchmark/benchmark.h>
#include <omp.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <random>
#include <vector>

#include "kernels/cpu/linear_attention.h"
#include "kernels/cpu/recurrent_attention.h"
#include "kernels/cpu/simd.h"
#include "tests/bench/peak_memory.h"
#include "tests/bench/softmax_attention.h"

namespace rill::kernels {
namespace {

std::vector<float> Draw(int64_t n, float low, float high) {
  std::mt19937 random(static_cast<uint32_t>(n));
  std::uniform_real_distribution<float> uniform(low, high);
  std::vector<float> out(n);
  for (float& x : out) x = uniform(random);
  return out;
}

struct Head {
  explicit Head(int64_t frames)
      : frames(frames),
        q(Draw(frames * kHeadDim, 0.0f, 2.0f)),
        k(Draw(frames * kHeadDim, 0.0f, 2.0f)),
        v(Draw(frames * kHeadDim, -1.0f, 1.0f)),
        d_out(Draw(frames * kHeadDim, -1.0f, 1.0f)),
        log_decay(Draw(frames, -0.1f, 0.0f)),
        z0(Draw(kHeadDim, 0.0f, 1.0f)),
        out(frames * kHeadDim),
        d_q(out),
        d_k(out),
        d_v(out),
        den(frames),
        d_den(Draw(frames, -1.0f, 1.0f)),
        d_log_decay(frames),
        d_z0(kHeadDim) {
    for (int64_t t = 0; t < frames; ++t) {
      chunk_end.push_back(static_cast<int32_t>(std::min(frames, (t / 8 + 1) * 8)));
    }
  }

  int64_t frames;
  std::vector<float> q, k, v, d_out, log_decay, z0, out, d_q, d_k, d_v, den, d_den, d_log_decay,
      d_z0;
  std::vector<int32_t> chunk_end;
};

// Times `work` and reports the working memory of one run of it.
void Measure(benchmark::State& state, const std::function<void()>& work) {
  state.counters["scratch"] =
      benchmark::Counter(static_cast<double>(bench::PeakBytes([&] {
                           omp_set_num_threads(1);
                           work();
                         })),
                         benchmark::Counter::kDefaults, benchmark::Counter::kIs1024);
  for (auto _ : state) work();
  state.counters["per_frame"] =
      benchmark::Counter(static_cast<double>(state.iterations() * state.range(0)),
                         benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

void Linear(benchmark::State& state, bool paper, bool backward) {
  Head h(state.range(0));
  const AttentionShape shape{1, 1, h.frames};
  AttentionInputs<float> in{.q = h.q.data(), .k = h.k.data(), .v = h.v.data()};
  AttentionGradients<float> grad{.d_q = h.d_q.data(), .d_k = h.d_k.data(), .d_v = h.d_v.data()};
  if (!paper) {
    in.log_decay = h.log_decay.data();
    in.chunk_end = h.chunk_end.data();
    in.z0 = h.z0.data();
    grad.d_log_decay = h.d_log_decay.data();
    grad.d_z0 = h.d_z0.data();
  }
  Measure(state, [&] {
    LinearAttentionForward<float>(shape, in, h.out.data(), h.den.data());
    if (backward) {
      LinearAttentionBackward<float>(shape, in, h.d_out.data(), h.d_den.data(), grad);
    }
  });
}

void SoftmaxNaive(benchmark::State& state, bool backward) {
  Head h(state.range(0));
  const SoftmaxInputs in{h.frames, h.q.data(), h.k.data(), h.v.data()};
  Measure(state, [&] {
    std::vector<float> weights(h.frames * h.frames);
    RILL_SIMD_CALL(NaiveSoftmax, in, weights.data(), h.out.data());
    if (!backward) return;
    std::vector<float> scratch(h.frames * h.frames);
    RILL_SIMD_CALL(NaiveSoftmaxBackward, in, weights.data(), scratch.data(),
                   {h.d_out.data(), h.d_q.data(), h.d_k.data(), h.d_v.data()});
  });
}

void SoftmaxBlocked(benchmark::State& state, bool backward) {
  Head h(state.range(0));
  const SoftmaxInputs in{h.frames, h.q.data(), h.k.data(), h.v.data()};
  Measure(state, [&] {
    std::vector<float> log_sum(h.frames), tiles(2 * kSoftmaxTile * kSoftmaxTile);
    RILL_SIMD_CALL(BlockedSoftmax, in, tiles.data(), h.out.data(), log_sum.data());
    if (!backward) return;
    RILL_SIMD_CALL(BlockedSoftmaxBackward, in, h.out.data(), log_sum.data(), tiles.data(),
                   {h.d_out.data(), h.d_q.data(), h.d_k.data(), h.d_v.data()});
  });
}

// One chunk of every stream through the attention of 12 layers of 4 heads, states read and written
// where they lie. Bytes are those of the states, read and written once.
void RecurrentStep(benchmark::State& state) {
  constexpr int64_t kLayers = 12, kHeads = 4;
  const int64_t rows = state.range(0), chunk = state.range(1);
  std::vector<int32_t> slots(rows), frames(rows, chunk);
  for (int64_t r = 0; r < rows; ++r) slots[r] = static_cast<int32_t>(r);
  const int64_t total = rows * chunk, stride = 3 * kHeads * kHeadDim;
  const std::vector<float> qkv = Draw(total * stride, 0.0f, 1.0f);
  const std::vector<float> log_decay = Draw(total * kHeads, -0.1f, 0.0f);
  std::vector<float> arena(rows * kLayers * kHeads * kHeadStateFloats, 0.0f);
  std::vector<float> num(total * kHeads * kHeadDim), den(total * kHeads);
  for (auto _ : state) {
    for (int64_t layer = 0; layer < kLayers; ++layer) {
      RecurrentAttentionStep({.rows = rows,
                              .heads = kHeads,
                              .slots = slots.data(),
                              .frames = frames.data(),
                              .chunks = frames.data(),
                              .q = qkv.data(),
                              .k = qkv.data() + kHeads * kHeadDim,
                              .v = qkv.data() + 2 * kHeads * kHeadDim,
                              .frame_stride = stride,
                              .log_decay = log_decay.data(),
                              .state = {arena.data() + layer * kHeads * kHeadStateFloats,
                                        kLayers * kHeads * kHeadStateFloats, kHeadStateFloats},
                              .num = num.data(),
                              .den = den.data()});
    }
  }
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(arena.size()) * 2 *
                          static_cast<int64_t>(sizeof(float)));
  state.counters["per_frame"] =
      benchmark::Counter(static_cast<double>(state.iterations() * total),
                         benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

// What memory gives: bytes read and written by a copy far larger than the caches.
void MemoryCopy(benchmark::State& state) {
  std::vector<float> from(32 << 20, 1.0f), to(from.size());
  for (auto _ : state) {
    std::memcpy(to.data(), from.data(), from.size() * sizeof(float));
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(state.iterations() * 2 *
                          static_cast<int64_t>(from.size() * sizeof(float)));
}

constexpr int64_t kLongest = 1 << 16;
constexpr int64_t kLongestNaive = 1 << 13;  // two matrices of weights: 512 MiB

#define RILL_OVER_FRAMES(longest) \
  RangeMultiplier(2)->Range(512, longest)->Unit(benchmark::kMillisecond)
BENCHMARK_CAPTURE(Linear, paper_forward, true, false)->RILL_OVER_FRAMES(kLongest);
BENCHMARK_CAPTURE(Linear, paper_train, true, true)->RILL_OVER_FRAMES(kLongest);
BENCHMARK_CAPTURE(Linear, chunk8_decay_forward, false, false)->RILL_OVER_FRAMES(kLongest);
BENCHMARK_CAPTURE(Linear, chunk8_decay_train, false, true)->RILL_OVER_FRAMES(kLongest);
BENCHMARK_CAPTURE(SoftmaxNaive, forward, false)->RILL_OVER_FRAMES(kLongestNaive);
BENCHMARK_CAPTURE(SoftmaxNaive, train, true)->RILL_OVER_FRAMES(kLongestNaive);
BENCHMARK_CAPTURE(SoftmaxBlocked, forward, false)->RILL_OVER_FRAMES(kLongest);
BENCHMARK_CAPTURE(SoftmaxBlocked, train, true)->RILL_OVER_FRAMES(kLongest);
BENCHMARK(RecurrentStep)
    ->ArgNames({"batch", "chunk"})
    ->ArgsProduct({{1, 8, 32, 128}, {1, 2, 4, 8, 16}})
    ->Unit(benchmark::kMillisecond);
BENCHMARK(MemoryCopy)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace rill::kernels
