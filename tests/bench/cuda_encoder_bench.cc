// rill-cuda-encoder-bench: how many live streams one GPU carries. Every stream brings one chunk a
// step, all in one step, as a server under full load sees it; a device carries the streams if a
// step takes no longer than a chunk lasts. The weights are random. Prints one table.
//
//   rill-cuda-encoder-bench [size [streams...]]   default: xs, s and m; 250 streams, doubled until
//                                                 a step takes too long or memory ends
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
constexpr int kWarmUp = 5, kSteps = 100;

absl::StatusOr<std::unique_ptr<EncoderBackend>> Load(const std::string& size, ModelConfig* config) {
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
                           {}, 0);
}

// Times of steps, in milliseconds, the shortest first.
absl::StatusOr<std::vector<double>> TimeSteps(const EncoderBackend& backend,
                                              const ModelConfig& config, int streams, int chunk) {
  auto worker = backend.NewWorker(streams);
  if (!worker.ok()) return worker.status();
  std::mt19937 random(1);
  std::normal_distribution<float> normal(10.0f, 3.0f);
  std::vector<float> features(static_cast<size_t>(kFeatureFramesPerFrame * chunk) *
                              config.mel_bins);
  for (float& value : features) value = normal(random);
  std::vector<EncoderRow> rows;
  for (int i = 0; i < streams; ++i) {
    const absl::StatusOr<int> slot = (*worker)->Acquire();
    if (!slot.ok()) return slot.status();
    rows.push_back({*slot, chunk, chunk, features.data()});
  }
  std::vector<float> log_probs(static_cast<size_t>(streams) * chunk * config.vocab_size());
  std::vector<double> times;
  for (int step = -kWarmUp; step < kSteps; ++step) {
    const auto began = std::chrono::steady_clock::now();
    if (absl::Status status = (*worker)->Step(rows, log_probs.data()); !status.ok()) return status;
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - began;
    if (step >= 0) times.push_back(took.count());
  }
  std::sort(times.begin(), times.end());
  return times;
}

int Run(const std::vector<std::string>& sizes, const std::vector<int>& asked) {
  std::printf("| model | chunk ms | streams | step ms, median | p99 | carried |\n|%s\n",
              "---|---|---|---|---|---|");
  for (const std::string& size : sizes) {
    ModelConfig config;
    const auto backend = Load(size, &config);
    if (!backend.ok()) {
      std::fprintf(stderr, "%s\n", std::string(backend.status().message()).c_str());
      return EXIT_FAILURE;
    }
    for (const int chunk : kChunks) {
      bool is_carried = true;
      for (size_t i = 0; asked.empty() ? is_carried : i < asked.size(); ++i) {
        const int streams = asked.empty() ? 250 << i : asked[i];
        const auto times = TimeSteps(**backend, config, streams, chunk);
        if (absl::IsResourceExhausted(times.status())) break;
        if (!times.ok()) {
          std::fprintf(stderr, "%s\n", std::string(times.status().message()).c_str());
          return EXIT_FAILURE;
        }
        const double p99 = (*times)[kSteps * 99 / 100];
        is_carried = p99 <= chunk * kFrameMs;
        std::printf("| %s | %d | %d | %.2f | %.2f | %s |\n", size.c_str(), chunk * kFrameMs,
                    streams, (*times)[kSteps / 2], p99, is_carried ? "yes" : "no");
        std::fflush(stdout);
      }
    }
  }
  return EXIT_SUCCESS;
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
