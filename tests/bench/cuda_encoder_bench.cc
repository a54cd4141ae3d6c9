// rill-cuda-encoder-bench: how many live streams one GPU carries. Every stream brings one chunk a
// step, all in one step, as a server under full load sees it; a device carries the streams if a
// step takes no longer than a chunk lasts. The weights are random. Prints two tables: that one, and
// what a step takes longer whose states have to be brought from the host's memory.
//
//   rill-cuda-encoder-bench [size [streams...]]   default: xs, s and m; 250, 500, 1000, 2500, ...
//                                                 streams until a step takes too long or the
//                                                 device's memory ends
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "model/encoder/cuda/cuda_backend.h"
#include "model/encoder/initial_state.h"
#include "tests/model/test_model.h"
#include "tests/temporary_folder.h"

namespace rill {
namespace {

constexpr int kChunks[] = {4, 8};  // 160 and 320 ms
#ifdef RILL_CUDA_ON_HOST
constexpr int kWarmUp = 1, kSteps = 3;  // to see that it runs
#else
constexpr int kWarmUp = 5, kSteps = 100;
#endif
constexpr int kTooSlow = 10;
constexpr int kMovedStreams = 500;

absl::StatusOr<std::unique_ptr<EncoderBackend>> Load(const std::string& size,
                                                     const EncoderOptions& options,
                                                     ModelConfig* config) {
  const absl::StatusOr<ModelConfig> named = NamedModelConfig(size);
  if (!named.ok()) return named.status();
  *config = *named;
  const TemporaryFolder folder;
  const std::string path = folder / "model.safetensors";
  if (absl::Status status = WriteTestModel(path, *config); !status.ok()) return status;
  const auto file = ModelFile::Open(path);
  if (!file.ok()) return file.status();
  const StateLayout layout(*config);
  return cuda::MakeBackend({*config, layout, InitialState(**file, layout),
                            [&file](const std::string& name) { return (*file)->Tensor(name); }},
                           options, 0);
}

// Times of steps of `streams` streams each, in milliseconds, the shortest first; of fewer steps
// than kSteps if kTooSlow take longer than a chunk lasts. The streams take turns in `turns` groups.
// ResourceExhausted if the states of one do not fit on the device.
absl::StatusOr<std::vector<double>> TimeSteps(const EncoderBackend& backend,
                                              const ModelConfig& config, int streams, int chunk,
                                              int turns = 1) {
  auto worker = backend.NewWorker(streams * turns);
  if (!worker.ok()) return worker.status();
  if ((*worker)->state_slots().device < streams) {
    return absl::ResourceExhaustedError("the states do not fit on the device");
  }
  std::mt19937 random(1);
  std::normal_distribution<float> normal(10.0f, 3.0f);
  std::vector<float> features(static_cast<size_t>(kFeatureFramesPerFrame * chunk) *
                              config.mel_bins);
  for (float& value : features) value = normal(random);
  std::vector<std::vector<EncoderRow>> groups(static_cast<size_t>(turns));
  for (int i = 0; i < streams * turns; ++i) {
    const absl::StatusOr<int> slot = (*worker)->Acquire();
    if (!slot.ok()) return slot.status();
    groups[i % turns].push_back({*slot, chunk, chunk, features.data()});
  }
  std::vector<float> log_probs(static_cast<size_t>(streams) * chunk * config.outputs());
  std::vector<double> times;
  int too_slow = 0;
  for (int step = -kWarmUp; step < kSteps && too_slow < kTooSlow; ++step) {
    const auto& rows = groups[(step + kWarmUp) % turns];
    const auto began = std::chrono::steady_clock::now();
    if (absl::Status status = (*worker)->Step(rows, log_probs.data()); !status.ok()) return status;
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - began;
    if (step < 0) continue;
    times.push_back(took.count());
    too_slow += took.count() > chunk * kFrameMs;
  }
  std::sort(times.begin(), times.end());
  return times;
}

double Median(const std::vector<double>& sorted) { return sorted[sorted.size() / 2]; }

// 250, 500, 1000, 2500, 5000, ...
int Streams(size_t i) {
  constexpr int kSeries[] = {250, 500, 1000};
  int streams = kSeries[i % 3];
  for (; i >= 3; i -= 3) streams *= 10;
  return streams;
}

absl::Status Capacity(const std::string& size, const std::vector<int>& asked) {
  ModelConfig config;
  const auto backend = Load(size, {}, &config);
  if (!backend.ok()) return backend.status();
  for (const int chunk : kChunks) {
    bool is_carried = true;
    for (size_t i = 0; asked.empty() ? is_carried : i < asked.size(); ++i) {
      const int streams = asked.empty() ? Streams(i) : asked[i];
      const auto times = TimeSteps(**backend, config, streams, chunk);
      if (absl::IsResourceExhausted(times.status())) break;
      if (!times.ok()) return times.status();
      const double p99 = (*times)[times->size() * 99 / 100];
      is_carried = p99 <= chunk * kFrameMs;
      std::printf("| %s | %d | %d | %.2f | %.2f | %s |\n", size.c_str(), chunk * kFrameMs, streams,
                  Median(*times), p99, is_carried ? "yes" : "no");
      std::fflush(stdout);
    }
  }
  return absl::OkStatus();
}

// Two groups of streams take turns, and the device has slots for one of them: in every step all
// states change places.
absl::Status Moves(const std::string& size, int streams) {
  ModelConfig config;
  const auto all = Load(size, {}, &config);
  if (!all.ok()) return all.status();
  const auto few = Load(size, {.device_streams = streams}, &config);
  if (!few.ok()) return few.status();
  const auto there = TimeSteps(**all, config, streams, kChunks[0], 2);
  if (!there.ok()) return there.status();
  const auto moved = TimeSteps(**few, config, streams, kChunks[0], 2);
  if (!moved.ok()) return moved.status();
  const double stay_ms = Median(*there), move_ms = Median(*moved);
  const double bytes = 2.0 * sizeof(float) * static_cast<double>((*all)->layout().total) * streams;
  std::printf("| %s | %d | %.2f | %.2f | %.1f |\n", size.c_str(), streams, stay_ms, move_ms,
              bytes / 1e6 / (move_ms - stay_ms));
  std::fflush(stdout);
  return absl::OkStatus();
}

int Run(const std::vector<std::string>& sizes, const std::vector<int>& asked) {
  std::printf("| model | chunk ms | streams | step ms, median | p99 | carried |\n|%s\n",
              "---|---|---|---|---|---|");
  absl::Status status;
  for (const std::string& size : sizes) {
    if (status.ok()) status = Capacity(size, asked);
  }
  std::printf("\n| model | streams a step | step ms, states there | states moved | GB/s |\n|%s\n",
              "---|---|---|---|---|");
  for (const std::string& size : sizes) {
    if (status.ok()) status = Moves(size, asked.empty() ? kMovedStreams : asked[0]);
  }
  if (status.ok()) return EXIT_SUCCESS;
  std::fprintf(stderr, "%s\n", std::string(status.message()).c_str());
  return EXIT_FAILURE;
}

}  // namespace
}  // namespace rill

int main(int argc, char** argv) {
  std::vector<std::string> sizes = {"xs", "s", "m"};
  if (argc > 1) sizes = {argv[1]};
  std::vector<int> streams;
  for (int i = 2; i < argc; ++i) streams.push_back(std::max(1, std::atoi(argv[i])));
  return rill::Run(sizes, streams);
}
