// What it costs to save a live stream and to go on from what was saved, with the shipped model: the
// stream has heard one of the clips in tests/data, with a beam and the language model.
#include <benchmark/benchmark.h>

#include <memory>
#include <string>
#include <vector>

#include "model/audio/audio_file.h"
#include "model/recognizer.h"

namespace rill {
namespace {

constexpr char kFolder[] = RILL_SOURCE_DIR "/model/pretrained";

struct LiveStream {
  std::unique_ptr<Recognizer> recognizer;
  std::unique_ptr<RecognitionWorker> worker;
  StreamOptions options;
  std::unique_ptr<RecognitionStream> stream;
};

absl::StatusOr<LiveStream> MakeLiveStream() {
  LiveStream live;
  RecognizerOptions options;
  options.language_model = std::string(kFolder) + "/en-139k-3gram.rlm";
  auto recognizer = Recognizer::Load(std::string(kFolder) + "/rill-en-m.safetensors", options);
  if (!recognizer.ok()) return recognizer.status();
  live.recognizer = *std::move(recognizer);
  auto worker = live.recognizer->NewWorker(2);
  if (!worker.ok()) return worker.status();
  live.worker = *std::move(worker);
  live.options.audio = {AudioEncoding::kFloat32, 16000, 1};
  live.options.decoder.kind = DecoderOptions::Kind::kBeam;
  auto stream = live.worker->OpenStream(live.options);
  if (!stream.ok()) return stream.status();
  live.stream = *std::move(stream);
  const auto samples = ReadAudioFileAt(RILL_SOURCE_DIR "/tests/data/demo.flac", 16000);
  if (!samples.ok()) return samples.status();
  const auto* bytes = reinterpret_cast<const uint8_t*>(samples->data());
  absl::Status status = live.stream->AcceptAudio({bytes, samples->size() * sizeof(float)});
  if (!status.ok()) return status;
  while (live.stream->ready() && status.ok()) {
    status = live.worker->Step({live.stream.get()}, 8);
  }
  if (!status.ok()) return status;
  live.stream->TakeEvents();
  return live;
}

void SaveStream(benchmark::State& state) {
  const auto live = MakeLiveStream();
  if (!live.ok()) return state.SkipWithError(live.status().ToString().c_str());
  size_t bytes = 0;
  for (auto _ : state) {
    const auto saved = live->stream->Save();
    if (!saved.ok()) return state.SkipWithError(saved.status().ToString().c_str());
    bytes = saved->size();
  }
  state.counters["bytes"] = static_cast<double>(bytes);
}

void ResumeStream(benchmark::State& state) {
  const auto live = MakeLiveStream();
  if (!live.ok()) return state.SkipWithError(live.status().ToString().c_str());
  const auto saved = live->stream->Save();
  if (!saved.ok()) return state.SkipWithError(saved.status().ToString().c_str());
  for (auto _ : state) {
    const auto resumed = live->worker->ResumeStream(live->options, *saved);
    if (!resumed.ok()) return state.SkipWithError(resumed.status().ToString().c_str());
  }
}

BENCHMARK(SaveStream)->Unit(benchmark::kMicrosecond);
BENCHMARK(ResumeStream)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace rill
