// The CUDA encoder against the CPU's: on the model of CUDA's execution in any build, on a GPU where
// the tests for one are built. See tests/kernels/cuda/cuda_testing.h.
#include <gmock/gmock.h>

#include <algorithm>
#include <random>

#include "model/encoder/cuda/device_worker.h"
#include "tests/model/cuda_encoder_fixture.h"

namespace rill {
namespace {

using ::testing::HasSubstr;

class CudaEncoderAccuracyTest : public CudaEncoderTest {
 protected:
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
};

TEST_F(CudaEncoderAccuracyTest, FloatAgreesWithTheCpuForEveryChunkLength) {
  ASSERT_TRUE(Load(SmallConfig(), /*bfloat16=*/false).ok());
  EXPECT_LT(LargestError(), 1e-4);
}

TEST_F(CudaEncoderAccuracyTest, BFloat16IsClose) {
  ASSERT_TRUE(Load(SmallConfig(), /*bfloat16=*/true).ok());
  const double error = LargestError();
  EXPECT_GT(error, 1e-4);  // else this is not BFloat16
  EXPECT_LT(error, 0.2);
}

TEST_F(CudaEncoderTest, PhonesBesideTheTokensAgree) {
  ModelConfig config = SmallConfig();
  config.phones = {"<blank>", " ", "AA", "B", "ZH"};
  ASSERT_TRUE(Load(config, /*bfloat16=*/false).ok());
  auto cpu = *cpu_->NewWorker(1), cuda = *cuda_->NewWorker(1);
  EXPECT_LT(Error(Alone(*cuda, 12, 4, 5), Alone(*cpu, 12, 4, 5)), 1e-4);
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
  std::vector<EncoderStream> streams;
  std::vector<EncoderStream*> pointers;
  std::vector<int> lengths;
  for (uint32_t i = 0; i < kStreams; ++i) {
    lengths.push_back(3 + static_cast<int>(random() % 20));
    streams.push_back(Open(*worker, lengths.back(), kChunks[random() % 5], 100 + i));
  }
  for (EncoderStream& stream : streams) pointers.push_back(&stream);
  const int idle = *worker->Acquire();
  const std::vector<float> silent = State(*worker, idle);
  for (bool more = true; more;) {
    more = false;
    std::vector<int> frames;
    std::shuffle(pointers.begin(), pointers.end(), random);
    for (const EncoderStream* stream : pointers) {
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
  std::vector<EncoderStream> streams;
  std::vector<EncoderStream*> pointers;
  const std::vector<int> lengths = {3, 70, 1, 16, 5};
  for (uint32_t i = 0; i < lengths.size(); ++i) streams.push_back(Open(*worker, lengths[i], 8, i));
  for (EncoderStream& stream : streams) pointers.push_back(&stream);
  Step(*worker, pointers, lengths);
  for (uint32_t i = 0; i < lengths.size(); ++i) {
    EXPECT_LT(Error(streams[i].log_probs, Alone(*cpu, lengths[i], 8, i)), 1e-4) << i;
  }
}

TEST_F(CudaEncoderTest, AStreamMovesBetweenDevices) {
  ASSERT_TRUE(Load(SmallConfig(), /*bfloat16=*/false).ok());
  std::unique_ptr<EncoderWorker> workers[] = {*cpu_->NewWorker(2), *cuda_->NewWorker(2)};
  const std::vector<float> wanted = Alone(*workers[0], 40, 4, 7);
  EncoderStream stream = Open(*workers[0], 40, 4, 7);
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

}  // namespace
}  // namespace rill
