// Speed of Encoder::Step with random weights: live streams a core can carry, the share of the
// machine's matrix rate that the encoder reaches, and a whole recording (rows: 1). One thread; all
// rates are of its CPU time, so that other work on the machine disturbs them little.
//
// streams: live streams one core carries at this batch, i.e. seconds of audio a second.
// GFLOP/s: 2 flop for each weight and frame, and the second convolution's once more an output bin.
// of_peak: that, over peak, the rate of one large PackedLinear of the same precision measured in
// this run.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <map>
#include <memory>
#include <random>
#include <vector>

#include "kernels/cpu/matmul.h"
#include "kernels/cpu/simd.h"
#include "model/encoder/encoder.h"
#include "tests/bench/cpu_seconds.h"
#include "tests/model/test_model.h"
#include "tests/temporary_folder.h"

namespace rill {
namespace {

std::vector<float> RandomFloats(int64_t n) {
  std::mt19937 random(1);
  std::normal_distribution<float> normal;
  std::vector<float> values(n);
  for (float& value : values) value = normal(random);
  return values;
}

// GFLOP/s of a product large enough to keep the processor busy.
double MeasureMatrixRate(kernels::MatmulPrecision precision) {
  constexpr int64_t kRows = 1024, kInputs = 512, kOutputs = 512;
  const std::vector<float> weight = RandomFloats(kInputs * kOutputs);
  const auto layer = kernels::PackedLinear::Create(weight.data(), nullptr, kOutputs, kInputs,
                                                   kernels::Activation::kNone, precision);
  if (!layer.ok()) return 0.0;
  const std::vector<float> x = RandomFloats(kRows * kInputs);
  std::vector<float> y(kRows * kOutputs);
  const auto scratch = kernels::NewMatmulScratch();
  double best = 1e9;
  for (int i = 0; i < 50; ++i) {
    const double start = CpuSeconds();
    (*layer)->Run(kRows, x.data(), y.data(), *scratch);
    best = std::min(best, CpuSeconds() - start);
  }
  return 2e-9 * kRows * kInputs * kOutputs / best;
}

// Measured once.
double MatrixRate(kernels::MatmulPrecision precision) {
  static std::map<kernels::MatmulPrecision, double> rates;
  const auto [rate, is_new] = rates.try_emplace(precision);
  if (is_new) rate->second = MeasureMatrixRate(precision);
  return rate->second;
}

struct Model {
  std::unique_ptr<ModelFile> file;
  std::unique_ptr<Encoder> encoder;
};

Model Load(const std::string& size, kernels::MatmulPrecision precision) {
  const TemporaryFolder folder;
  const std::string path = folder / "model.safetensors";
  const absl::StatusOr<ModelConfig> config = NamedModelConfig(size);
  Model model;
  if (!config.ok() || !WriteTestModel(path, *config).ok()) return model;
  auto file = ModelFile::Open(path);
  if (!file.ok()) return model;
  auto encoder = Encoder::Create(**file, {.precision = precision});
  if (!encoder.ok()) return model;
  model.file = *std::move(file);
  model.encoder = *std::move(encoder);
  return model;
}

double FlopPerFrame(const ModelConfig& config) {
  // The convolutions' weights are used once an output bin.
  const double conv2 = 9.0 * config.front_channels1 * config.front_channels2;
  return 2.0 * (static_cast<double>(ParameterCount(config)) + (config.front_bins() - 1) * conv2);
}

// range: rows, frames a row.
void EncoderStep(benchmark::State& state, const std::string& size,
                 kernels::MatmulPrecision precision = kernels::MatmulPrecision::kAuto) {
  const Model model = Load(size, precision);
  if (model.encoder == nullptr) {
    state.SkipWithError("the model cannot be made: has the processor this precision?");
    return;
  }
  const Encoder& encoder = *model.encoder;
  const int rows = static_cast<int>(state.range(0)), frames = static_cast<int>(state.range(1));
  const auto arena = StateArena::Create(encoder.layout(), encoder.InitialState(), rows);
  if (!arena.ok()) {
    state.SkipWithError("no memory for the states");
    return;
  }
  const auto scratch = encoder.NewScratch();
  const std::vector<float> features = RandomFloats(int64_t{4} * frames * encoder.config().mel_bins);
  std::vector<float> log_probs(static_cast<size_t>(rows) * frames * encoder.config().outputs());
  std::vector<EncoderRow> batch;
  for (int i = 0; i < rows; ++i)
    batch.push_back({*(*arena)->Acquire(), 8, frames, features.data()});

  for (auto _ : state) encoder.Step(batch, **arena, *scratch, log_probs.data());

  const double done = static_cast<double>(state.iterations()) * rows * frames;
  const double giga_flop = 1e-9 * FlopPerFrame(encoder.config()) * done;
  using benchmark::Counter;
  state.counters["streams"] = Counter(done * kFrameMs / 1000, Counter::kIsRate);
  state.counters["s/frame"] = Counter(done, Counter::kIsRate | Counter::kInvert);
  state.counters["GFLOP/s"] = Counter(giga_flop, Counter::kIsRate);
  state.counters["peak"] = MatrixRate(encoder.precision());
  state.counters["of_peak"] =
      Counter(giga_flop / MatrixRate(encoder.precision()), Counter::kIsRate);
  state.SetLabel(kernels::SimdName());
}

void StreamsAndFrames(benchmark::internal::Benchmark* bench) {
  bench->ArgNames({"rows", "frames"})->Unit(benchmark::kMillisecond);
  for (const int rows : {1, 8, 32, 128}) bench->Args({rows, 8});
  bench->Args({1, 512});
}

BENCHMARK_CAPTURE(EncoderStep, xs, "xs")->Apply(StreamsAndFrames);
BENCHMARK_CAPTURE(EncoderStep, s, "s")->Apply(StreamsAndFrames);
BENCHMARK_CAPTURE(EncoderStep, m, "m")->Apply(StreamsAndFrames);
BENCHMARK_CAPTURE(EncoderStep, m_bf16, "m", kernels::MatmulPrecision::kBFloat16)
    ->Apply(StreamsAndFrames);
BENCHMARK_CAPTURE(EncoderStep, m_float, "m", kernels::MatmulPrecision::kFloat)
    ->Apply(StreamsAndFrames);

}  // namespace
}  // namespace rill
