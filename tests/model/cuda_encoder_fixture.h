// What the tests of the CUDA encoder share: a small model on the processor and on the device, the
// latter as cuda_testing.h says, and streams with noise for features.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "model/encoder/cuda/cuda_backend.h"
#include "model/encoder/initial_state.h"
#include "tests/kernels/cuda/cuda_testing.h"
#include "tests/model/encoder_stream.h"
#include "tests/model/test_model.h"
#include "tests/temporary_folder.h"

namespace rill {

// Small enough for the model of CUDA's execution, with two heads and odd numbers.
inline ModelConfig SmallConfig() {
  ModelConfig config = TinyModelConfig();
  config.mel_bins = 27;
  config.heads = 2;
  config.conv_kernel = 5;
  return config;
}

class CudaEncoderTest : public kernels::cuda::CudaTest {
 protected:
  absl::Status Load(const ModelConfig& config, bool bfloat16,
                    const cuda::StepLimits& limits = {64, 256}) {
    const std::string path = folder_ / "model.safetensors";
    if (absl::Status status = WriteTestModel(path, config, 1); !status.ok()) return status;
    auto file = ModelFile::Open(path);
    if (!file.ok()) return file.status();
    file_ = *std::move(file);
    auto cpu = MakeCpuBackend(*file_, {.precision = kernels::MatmulPrecision::kFloat});
    if (!cpu.ok()) return cpu.status();
    cpu_ = *std::move(cpu);
    auto cuda = MakeCuda({.precision = bfloat16 ? kernels::MatmulPrecision::kBFloat16
                                                : kernels::MatmulPrecision::kFloat},
                         limits);
    if (!cuda.ok()) return cuda.status();
    cuda_ = *std::move(cuda);
    return absl::OkStatus();
  }

  // The model that was loaded, once more.
  absl::StatusOr<std::unique_ptr<EncoderBackend>> MakeCuda(const EncoderOptions& options,
                                                           const cuda::StepLimits& limits = {
                                                               64, 256}) const {
    const StateLayout layout(file_->config());
    return cuda::MakeBackend({file_->config(), layout, InitialState(*file_, layout),
                              [this](const std::string& name) { return file_->Tensor(name); }},
                             options, 0, limits);
  }

  int bins() const { return file_->config().mel_bins; }
  int64_t vocab() const { return file_->config().outputs(); }

  EncoderStream Open(EncoderWorker& worker, int frames, int chunk, uint32_t seed) {
    std::mt19937 noise(seed);
    std::normal_distribution<float> normal(10.0f, 3.0f);
    std::vector<float> features(static_cast<size_t>(4 * frames * bins()));
    for (float& value : features) value = normal(noise);
    return {*worker.Acquire(), chunk, features, {}};
  }

  void Step(EncoderWorker& worker, const std::vector<EncoderStream*>& streams,
            const std::vector<int>& frames) {
    const int64_t total = std::accumulate(frames.begin(), frames.end(), 0);
    std::vector<float> log_probs(static_cast<size_t>(total * vocab()));
    const absl::Status status = worker.Step(EncoderRows(streams, frames, bins()), log_probs.data());
    ASSERT_TRUE(status.ok()) << status;
    TakeStep(streams, frames, vocab(), log_probs);
  }

  // Alone, `chunks` chunks a step.
  std::vector<float> Alone(EncoderWorker& worker, int frames, int chunk, uint32_t seed,
                           int chunks = 1) {
    EncoderStream stream = Open(worker, frames, chunk, seed);
    while (stream.done < frames) {
      Step(worker, {&stream}, {std::min(chunk * chunks, frames - stream.done)});
    }
    worker.Release(stream.slot);
    return stream.log_probs;
  }

  std::vector<float> State(EncoderWorker& worker, int slot) {
    std::vector<float> state(static_cast<size_t>(cpu_->layout().total));
    EXPECT_TRUE(worker.ReadState(slot, absl::MakeSpan(state)).ok());
    return state;
  }

  static double Error(const std::vector<float>& actual, const std::vector<float>& wanted) {
    EXPECT_EQ(actual.size(), wanted.size());
    double error = 0;
    for (size_t i = 0; i < wanted.size(); ++i) {
      EXPECT_TRUE(std::isfinite(actual[i]));
      error = std::max(
          error, double{std::abs(actual[i] - wanted[i])} / std::max(1.0f, std::abs(wanted[i])));
    }
    return error;
  }

  TemporaryFolder folder_;
  std::unique_ptr<ModelFile> file_;
  std::unique_ptr<EncoderBackend> cpu_, cuda_;
};

}  // namespace rill
