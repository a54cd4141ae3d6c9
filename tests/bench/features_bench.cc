// What log-mel features cost a server: CPU time for a second of audio of one stream ("s/s"), in
// packets as they come from clients, over so many streams that no processor keeps them all at hand.
#include <benchmark/benchmark.h>

#include <memory>
#include <vector>

#include "model/audio/audio_file.h"
#include "model/features/log_mel.h"

namespace rill {
namespace {

// range: streams, milliseconds a packet.
void LogMelFeatures(benchmark::State& state) {
  constexpr int kRate = 16000;
  const auto samples = ReadAudioFileAt(RILL_SOURCE_DIR "/tests/data/demo.flac", kRate);
  if (!samples.ok()) {
    state.SkipWithError(samples.status().ToString().c_str());
    return;
  }
  const size_t packet = static_cast<size_t>(state.range(1)) * kRate / 1000;
  std::vector<std::unique_ptr<LogMel>> streams;
  for (int64_t i = 0; i < state.range(0); ++i) {
    streams.push_back(std::make_unique<LogMel>(LogMelOptions()));
  }
  std::vector<float> frames;
  size_t at = 0;
  for (auto _ : state) {
    if (at + packet > samples->size()) at = 0;
    for (const auto& stream : streams) {
      frames.clear();
      stream->Accept(absl::MakeSpan(*samples).subspan(at, packet), &frames);
      benchmark::DoNotOptimize(frames.data());
    }
    at += packet;
  }
  const double seconds = static_cast<double>(state.iterations() * state.range(0)) *
                         static_cast<double>(packet) / kRate;
  using benchmark::Counter;
  state.counters["s/s"] = Counter(seconds, Counter::kIsRate | Counter::kInvert);
}
BENCHMARK(LogMelFeatures)
    ->ArgNames({"streams", "packet_ms"})
    ->Args({1, 100})
    ->Args({10000, 100})
    ->Args({10000, 20})
    ->Args({10000, 10})
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace rill
