// The CUDA encoder against the CPU's: on the model of CUDA's execution in any build, on a GPU where
// the tests for one are built. See tests/kernels/cuda/cuda_testing.h.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <random>

#include "model/encoder/cuda/cuda_backend.h"
#include "model/encoder/cuda/device_worker.h"
#include "model/encoder/initial_state.h"
#include "tests/kernels/cuda/cuda_testing.h"
#include "tests/model/test_model.h"
#include "tests/temporary_folder.h"

namespace rill {
namespace {

using ::testing::HasSubstr;

struct Stream {
  int slot;
  int chunk;
  std::vector<float> features;
  std::vector<float> log_probs;
  int done = 0;
};

// Small enough for the model of CUDA's execution, with two heads and odd numbers.
ModelConfig SmallConfig() {
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
    EncoderOptions options;
    options.allow_bfloat16 = false;
    auto cpu = MakeCpuBackend(*file_, options);
    if (!cpu.ok()) return cpu.status();
    cpu_ = *std::move(cpu);
    const EncoderModel model = {config, StateLayout(config),
                                InitialState(*file_, StateLayout(config)),
                                [this](const std::string& name) { return file_->Tensor(name); }};
    options.allow_bfloat16 = bfloat16;
    auto cuda = cuda::MakeBackend(model, options, 0, limits);
    if (!cuda.ok()) return cuda.status();
    cuda_ = *std::move(cuda);
    return absl::OkStatus();
  }

  int bins() const { return file_->config().mel_bins; }
  int64_t vocab() const { return file_->config().vocab_size(); }

  Stream Open(EncoderWorker& worker, int frames, int chunk, uint32_t seed) {
    std::mt19937 noise(seed);
    std::normal_distribution<float> normal(10.0f, 3.0f);
    std::vector<float> features(static_cast<size_t>(4 * frames * bins()));
    for (float& value : features) value = normal(noise);
    return {*worker.Acquire(), chunk, features, {}};
  }

  void Step(EncoderWorker& worker, const std::vector<Stream*>& streams,
            const std::vector<int>& frames) {
    std::vector<EncoderRow> rows;
    int64_t total = 0;
    for (size_t i = 0; i < streams.size(); ++i) {
      rows.push_back({streams[i]->slot, streams[i]->chunk, frames[i],
                      streams[i]->features.data() + size_t{4} * streams[i]->done * bins()});
      total += frames[i];
    }
    std::vector<float> log_probs(static_cast<size_t>(total * vocab()));
    const absl::Status status = worker.Step(rows, log_probs.data());
    ASSERT_TRUE(status.ok()) << status;
    auto from = log_probs.begin();
    for (size_t i = 0; i < streams.size(); ++i) {
      const auto to = from + frames[i] * vocab();
      streams[i]->log_probs.insert(streams[i]->log_probs.end(), from, to);
      streams[i]->done += frames[i];
      from = to;
    }
  }

  // Alone, `chunks` chunks a step.
  std::vector<float> Alone(EncoderWorker& worker, int frames, int chunk, uint32_t seed,
                           int chunks = 1) {
    Stream stream = Open(worker, frames, chunk, seed);
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

  // Every chunk length, a partial chunk at the end, one chunk a step and several.
  double LargestError() {
    auto cpu = *cpu_->NewWorker(1);
    auto cuda = *cuda_->NewWorker(1);
    double error = 0;
    for (const int chunk : {1, 2, 4, 8, 16}) {
      const int frames = std::min(3 * chunk + chunk / 2, 37);
      const std::vector<float> wanted = Alone(*cpu, frames, chunk, 3);
      const std::vector<float> actual = Alone(*cuda, frames, chunk, 3);
      error = std::max(error, Error(actual, wanted));
      EXPECT_EQ(Alone(*cuda, frames, chunk, 3, /*chunks=*/2), actual) << "chunk " << chunk;
    }
    return error;
  }

  TemporaryFolder folder_;
  std::unique_ptr<ModelFile> file_;
  std::unique_ptr<EncoderBackend> cpu_, cuda_;
};

TEST_F(CudaEncoderTest, FloatAgreesWithTheCpuForEveryChunkLength) {
  ASSERT_TRUE(Load(SmallConfig(), /*bfloat16=*/false).ok());
  EXPECT_LT(LargestError(), 1e-4);
}

TEST_F(CudaEncoderTest, BFloat16IsClose) {
  ASSERT_TRUE(Load(SmallConfig(), /*bfloat16=*/true).ok());
  const double error = LargestError();
  EXPECT_GT(error, 1e-4);  // else this is not BFloat16
  EXPECT_LT(error, 0.2);
}

TEST_F(CudaEncoderTest, PaperModeAgrees) {
  ModelConfig config = SmallConfig();
  config.attention = AttentionMode::kPaper;
  ASSERT_TRUE(Load(config, /*bfloat16=*/false).ok());
  auto cpu = *cpu_->NewWorker(1), cuda = *cuda_->NewWorker(1);
  EXPECT_LT(Error(Alone(*cuda, 12, 4, 5), Alone(*cpu, 12, 4, 5)), 1e-4);
}

TEST_F(CudaEncoderTest, TheCompanyDoesNotMatter) {
  ASSERT_TRUE(Load(SmallConfig(), /*bfloat16=*/true).ok());
  auto worker = *cuda_->NewWorker(12);
  constexpr int kChunks[] = {1, 2, 4, 8, 16}, kStreams = 9;
  std::vector<Stream> streams;
  std::vector<Stream*> pointers;
  std::vector<int> lengths;
  for (uint32_t i = 0; i < kStreams; ++i) {
    lengths.push_back(3 + static_cast<int>(random() % 20));
    streams.push_back(Open(*worker, lengths.back(), kChunks[random() % 5], 100 + i));
  }
  for (Stream& stream : streams) pointers.push_back(&stream);
  const int idle = *worker->Acquire();
  const std::vector<float> silent = State(*worker, idle);
  for (bool more = true; more;) {
    more = false;
    std::vector<int> frames;
    std::shuffle(pointers.begin(), pointers.end(), random);
    for (const Stream* stream : pointers) {
      const int length = lengths[stream - streams.data()];
      const int chunks = static_cast<int>(random() % 3);  // none, too
      frames.push_back(std::min(chunks * stream->chunk, length - stream->done));
      more |= stream->done + frames.back() < length;
    }
    Step(*worker, pointers, frames);
  }
  for (uint32_t i = 0; i < kStreams; ++i) {
    EXPECT_EQ(streams[i].log_probs, Alone(*worker, lengths[i], streams[i].chunk, 100 + i)) << i;
  }
  EXPECT_EQ(State(*worker, idle), silent);  // not named in any step
  EXPECT_EQ(worker->slots_in_use(), kStreams + 1);
}

TEST_F(CudaEncoderTest, StepsBeyondTheLimitsAreDoneInParts) {
  ASSERT_TRUE(Load(SmallConfig(), /*bfloat16=*/false, {2, 32}).ok());
  auto cpu = *cpu_->NewWorker(5), worker = *cuda_->NewWorker(5);
  std::vector<Stream> streams;
  std::vector<Stream*> pointers;
  const std::vector<int> lengths = {3, 70, 1, 16, 5};
  for (uint32_t i = 0; i < lengths.size(); ++i) streams.push_back(Open(*worker, lengths[i], 8, i));
  for (Stream& stream : streams) pointers.push_back(&stream);
  Step(*worker, pointers, lengths);
  for (uint32_t i = 0; i < lengths.size(); ++i) {
    EXPECT_LT(Error(streams[i].log_probs, Alone(*cpu, lengths[i], 8, i)), 1e-4) << i;
  }
}

TEST_F(CudaEncoderTest, AStreamMovesBetweenDevices) {
  ASSERT_TRUE(Load(SmallConfig(), /*bfloat16=*/false).ok());
  std::unique_ptr<EncoderWorker> workers[] = {*cpu_->NewWorker(2), *cuda_->NewWorker(2)};
  const std::vector<float> wanted = Alone(*workers[0], 40, 4, 7);
  Stream stream = Open(*workers[0], 40, 4, 7);
  EXPECT_EQ(State(*workers[1], *workers[1]->Acquire()), State(*workers[0], stream.slot));
  for (int at = 0; stream.done < 40; at = 1 - at) {
    Step(*workers[at], {&stream}, {4});
    const std::vector<float> state = State(*workers[at], stream.slot);
    workers[at]->Release(stream.slot);
    stream.slot = *workers[1 - at]->Acquire();
    ASSERT_TRUE(workers[1 - at]->WriteState(stream.slot, state).ok());
    EXPECT_EQ(State(*workers[1 - at], stream.slot), state);
  }
  EXPECT_LT(Error(stream.log_probs, wanted), 1e-4);
}

TEST_F(CudaEncoderTest, ModelsThatTheKernelsCannotTakeAreRefused) {
  ModelConfig config = SmallConfig();
  config.front_channels1 = 5;
  const absl::Status status = Load(config, /*bfloat16=*/true);
  EXPECT_EQ(status.code(), absl::StatusCode::kUnimplemented);
  EXPECT_THAT(std::string(status.message()), HasSubstr("front_channels1 is 5"));
}

TEST_F(CudaEncoderTest, TakesDevicesThatAreThere) {
  ASSERT_TRUE(Load(SmallConfig(), /*bfloat16=*/true).ok());
  EXPECT_THAT(cuda_->device(), HasSubstr("cuda:0"));
  const EncoderModel model = {SmallConfig(), cpu_->layout(), {}, nullptr};
  const absl::Status status = cuda::MakeBackend(model, {}, 1000).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("no cuda:1000"));
}

TEST(CutStepTest, CutsBetweenChunksAndKeepsTheOrder) {
  std::mt19937 random(2);
  const cuda::StepLimits limits = {5, 64};
  for (int round = 0; round < 200; ++round) {
    std::vector<EncoderRow> rows;
    for (int r = static_cast<int>(random() % 12); r >= 0; --r) {
      const int chunk = 1 << random() % 5;
      rows.push_back({r, chunk, static_cast<int>(random() % 150), nullptr});
    }
    std::vector<int> left;
    for (const EncoderRow& row : rows) left.push_back(row.frames);
    size_t at = 0;
    for (const cuda::StepPart& part : cuda::CutStep(rows, limits)) {
      EXPECT_LE(part.rows.size(), 5u);
      int frames = 0, last_slot = -1;
      for (const cuda::StepPart::Row& row : part.rows) {
        while (left[at] == 0) ++at;
        EXPECT_EQ(row.slot, rows[at].slot);
        EXPECT_NE(row.slot, last_slot);
        left[at] -= row.frames;
        EXPECT_GT(row.frames, 0);
        EXPECT_TRUE(left[at] == 0 || row.frames % rows[at].chunk_frames == 0);
        frames += row.frames;
        last_slot = row.slot;
      }
      EXPECT_EQ(frames, part.frames);
      EXPECT_LE(frames, 64);
    }
    for (const int frames : left) EXPECT_EQ(frames, 0);
  }
}

TEST(BucketTest, GrowsByHalvesAndThirds) {
  const int buckets[] = {1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64};
  for (int n = 1; n <= 64; ++n) {
    EXPECT_EQ(cuda::Bucket(n), *std::lower_bound(std::begin(buckets), std::end(buckets), n)) << n;
  }
  EXPECT_EQ(cuda::Bucket(4096), 4096);
}

#ifdef RILL_CUDA_ON_HOST
TEST_F(CudaEncoderTest, TooManySlotsAreRefusedWithWhatWouldFit) {
  ASSERT_TRUE(Load(SmallConfig(), /*bfloat16=*/true).ok());
  const size_t before = cuda_on_host::free_device_bytes;
  cuda_on_host::free_device_bytes = 200 << 20;
  const absl::Status status = cuda_->NewWorker(100000).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(status.message()), HasSubstr("100000 streams need"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("MB free, for "));
  EXPECT_EQ(cuda_on_host::free_device_bytes, size_t{200} << 20);  // nothing is kept
  cuda_on_host::free_device_bytes = before;
}

TEST_F(CudaEncoderTest, ADeviceThatFailsIsAnError) {
  ASSERT_TRUE(Load(SmallConfig(), /*bfloat16=*/true).ok());
  auto worker = *cuda_->NewWorker(2);
  Stream stream = Open(*worker, 4, 4, 1);
  cuda_on_host::device_error = cudaErrorIllegalAddress;
  std::vector<float> log_probs(static_cast<size_t>(4 * vocab()));
  const EncoderRow row = {stream.slot, 4, 4, stream.features.data()};
  EXPECT_EQ(worker->Step({&row, 1}, log_probs.data()).code(), absl::StatusCode::kInternal);
  EXPECT_EQ(worker->Acquire().status().code(), absl::StatusCode::kInternal);
  EXPECT_EQ(worker->slots_in_use(), 1);  // what was not acquired is not taken
  EXPECT_EQ(cuda_->NewWorker(1).status().code(), absl::StatusCode::kInternal);
  cuda_on_host::device_error = cudaSuccess;
}
#endif

}  // namespace
}  // namespace rill
