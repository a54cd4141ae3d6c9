// The training kernels at the size of one layer over a batch (8 rows of 448 frames), in BFloat16.
// bytes_per_second counts each array once a read and once a write; memcpy of the same arrays is the
// mark. One thread.
#include <benchmark/benchmark.h>

#include <cstring>
#include <memory>
#include <random>
#include <vector>

#include "kernels/cpu/attention_heads.h"
#include "kernels/cpu/ctc_loss.h"
#include "kernels/cpu/glu_conv.h"
#include "kernels/cpu/rms_norm.h"
#include "kernels/cpu/silu.h"
#include "kernels/cpu/simd.h"

namespace rill::kernels {
namespace {

constexpr int64_t kBatch = 8, kFrames = 448, kRows = kBatch * kFrames, kTaps = 15;

std::vector<BFloat16> Halves(int64_t n) {
  std::minstd_rand random(1);
  std::normal_distribution<float> normal;
  std::vector<BFloat16> values(n);
  for (BFloat16& value : values) value = FromFloat<BFloat16>(normal(random));
  return values;
}

std::vector<float> Floats(int64_t n) {
  std::vector<float> values(n);
  for (int64_t i = 0; i < n; ++i) values[i] = 0.5f + 0.01f * static_cast<float>(i % 50);
  return values;
}

// `arrays`: how many arrays of [kRows, width] the kernel reads and writes, in all.
void Report(benchmark::State& state, double arrays) {
  const double bytes = arrays * kRows * state.range(0) * sizeof(BFloat16);
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * bytes));
  state.SetLabel(SimdName());
}

void Copy(benchmark::State& state) {
  const int64_t n = kRows * state.range(0);
  const auto x = Halves(n);
  auto y = x;
  for (auto _ : state) {
    std::memcpy(y.data(), x.data(), n * sizeof(BFloat16));
    benchmark::ClobberMemory();
  }
  Report(state, 2);
}
BENCHMARK(Copy)->Arg(160)->Arg(640);

template <bool kSilu>
void RmsNormForward(benchmark::State& state) {
  const NormShape shape{kRows, state.range(0)};
  const auto x = Halves(kRows * shape.width), branch = x;
  auto h = x, y = x;
  const auto weight = Floats(shape.width);
  auto inv_rms = Floats(kRows);
  for (auto _ : state) {
    RmsNormForward<BFloat16>(shape, x.data(), branch.data(), 0.5f, weight.data(), kSilu, h.data(),
                             y.data(), inv_rms.data());
  }
  Report(state, 4);
}
BENCHMARK(RmsNormForward<false>)->Arg(160)->Arg(640);
BENCHMARK(RmsNormForward<true>)->Arg(160)->Arg(640);

template <bool kSilu>
void RmsNormBackward(benchmark::State& state) {
  const NormShape shape{kRows, state.range(0)};
  const auto d_y = Halves(kRows * shape.width), d_h = d_y, h = d_y;
  auto d_x = d_y, d_branch = d_y;
  const auto weight = Floats(shape.width), inv_rms = Floats(kRows);
  auto d_weight = weight;
  for (auto _ : state) {
    RmsNormBackward<BFloat16>(shape, d_y.data(), d_h.data(), h.data(), 0.5f, weight.data(), kSilu,
                              inv_rms.data(), d_x.data(), d_branch.data(), d_weight.data());
  }
  Report(state, 5);
}
BENCHMARK(RmsNormBackward<false>)->Arg(160)->Arg(640);
BENCHMARK(RmsNormBackward<true>)->Arg(160)->Arg(640);

void SiluForward(benchmark::State& state) {
  const auto x = Halves(kRows * state.range(0));
  auto y = x;
  for (auto _ : state) SiluForward<BFloat16>(x.size(), x.data(), y.data());
  Report(state, 2);
}
BENCHMARK(SiluForward)->Arg(160)->Arg(640);

void SiluBackward(benchmark::State& state) {
  const auto d_y = Halves(kRows * state.range(0)), x = d_y;
  auto d_x = x;
  for (auto _ : state) SiluBackward<BFloat16>(x.size(), d_y.data(), x.data(), d_x.data());
  Report(state, 3);
}
BENCHMARK(SiluBackward)->Arg(160)->Arg(640);

void GluConvForward(benchmark::State& state) {
  const ConvShape shape{kBatch, kFrames, state.range(0), kTaps};
  const auto x = Halves(kRows * 2 * shape.width);
  auto g = Halves(kRows * shape.width), y = g;
  const auto w = Floats(shape.width * kTaps);
  for (auto _ : state) GluConvForward<BFloat16>(shape, x.data(), w.data(), g.data(), y.data());
  Report(state, 4);
}
BENCHMARK(GluConvForward)->Arg(160)->Arg(256)->Arg(640);

void GluConvBackward(benchmark::State& state) {
  const ConvShape shape{kBatch, kFrames, state.range(0), kTaps};
  const auto x = Halves(kRows * 2 * shape.width), g = Halves(kRows * shape.width), d_y = g;
  auto d_x = x;
  const auto w = Floats(shape.width * kTaps);
  auto d_w = w;
  for (auto _ : state) {
    GluConvBackward<BFloat16>(shape, d_y.data(), x.data(), g.data(), w.data(), d_x.data(),
                              d_w.data());
  }
  Report(state, 6);
}
BENCHMARK(GluConvBackward)->Arg(160)->Arg(256)->Arg(640);

// A stream's step of one layer; the argument is the chunk's frames.
void GluConvStep(benchmark::State& state) {
  const int64_t frames = state.range(0), width = 160;
  const auto x = Floats(frames * 2 * width), w = Floats(width * kTaps);
  std::vector<float> tail((kTaps - 1) * width), y(frames * width);
  for (auto _ : state) {
    kernels::GluConvStep(frames, width, kTaps, x.data(), w.data(), tail.data(), y.data());
  }
  state.SetLabel(SimdName());
}
BENCHMARK(GluConvStep)->Arg(1)->Arg(4)->Arg(8)->Arg(16);

// Memory of the layers around linear attention; the width is heads * 64.
struct Heads {
  explicit Heads(int64_t width) : shape{kBatch, width / kHeadDim, kFrames} {}

  AttentionShape shape;
  int64_t width = shape.heads * kHeadDim;
  std::vector<BFloat16> qkvg = Halves(kRows * 4 * width), q = Halves(kRows * width), k = q, v = q;
  std::vector<float> den = Floats(kRows * shape.heads), inv_rms = Floats(2 * kRows * shape.heads);
  std::vector<float> weight = Floats(width), d_weight = weight, d_den = den;
  std::vector<BFloat16> d_qkvg = qkvg;
};

void SplitHeadsForward(benchmark::State& state) {
  Heads m(state.range(0));
  for (auto _ : state) {
    SplitHeadsForward<BFloat16>(m.shape, m.qkvg.data(), m.weight.data(), m.weight.data(),
                                m.q.data(), m.k.data(), m.v.data(), m.inv_rms.data());
  }
  Report(state, 6);
}
BENCHMARK(SplitHeadsForward)->Arg(128)->Arg(640);

void SplitHeadsBackward(benchmark::State& state) {
  Heads m(state.range(0));
  for (auto _ : state) {
    SplitHeadsBackward<BFloat16>(m.shape, m.q.data(), m.k.data(), m.v.data(), m.qkvg.data(),
                                 m.weight.data(), m.weight.data(), m.inv_rms.data(),
                                 m.d_qkvg.data(), m.d_weight.data(), m.d_weight.data());
  }
  Report(state, 8);
}
BENCHMARK(SplitHeadsBackward)->Arg(128)->Arg(640);

void MergeHeadsForward(benchmark::State& state) {
  Heads m(state.range(0));
  for (auto _ : state) {
    MergeHeadsForward<BFloat16>(m.shape, m.q.data(), m.den.data(), m.qkvg.data(), m.weight.data(),
                                m.k.data(), m.inv_rms.data());
  }
  Report(state, 3);
}
BENCHMARK(MergeHeadsForward)->Arg(128)->Arg(640);

void MergeHeadsBackward(benchmark::State& state) {
  Heads m(state.range(0));
  for (auto _ : state) {
    MergeHeadsBackward<BFloat16>(m.shape, m.k.data(), m.q.data(), m.den.data(), m.qkvg.data(),
                                 m.weight.data(), m.inv_rms.data(), m.v.data(), m.d_den.data(),
                                 m.d_qkvg.data(), m.d_weight.data());
  }
  Report(state, 5);
}

BENCHMARK(MergeHeadsBackward)->Arg(128)->Arg(640);

// Clips of 13 s: 325 frames, 180 labels of 28 characters.
void Ctc(benchmark::State& state) {
  const int64_t vocab = state.range(0), frames = 325, num_labels = 180, count = 20;
  std::minstd_rand random(1);
  std::normal_distribution<float> normal;
  std::vector<float> logits(count * frames * vocab), losses(count), d_logits(logits.size());
  for (float& logit : logits) logit = normal(random);
  std::vector<int32_t> labels(num_labels);
  for (int32_t& label : labels) label = 1 + random() % (vocab - 1);
  std::vector<CtcClip> clips;
  for (int64_t i = 0; i < count; ++i) {
    clips.push_back({i * frames, frames, labels.data(), num_labels, 1.0f});
  }
  for (auto _ : state) {
    CtcLoss(vocab, logits.data(), clips.data(), count, losses.data(), d_logits.data());
  }
  state.SetItemsProcessed(state.iterations() * count);
  state.SetLabel(SimdName());
}
BENCHMARK(Ctc)->Arg(29)->Arg(256)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace rill::kernels
