// The recurrent encoder against the parallel one in double precision, and against itself: the same
// bits in any company and any cut.
#include "model/encoder/encoder.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>
#include <string>

#include "kernels/cpu/simd.h"
#include "tests/model/encoder_reference.h"
#include "tests/model/encoder_stream.h"
#include "tests/model/test_model.h"
#include "tests/temporary_folder.h"

namespace rill {
namespace {

using kernels::MatmulPrecision;

// Features like those of speech: around the model's mean, changing slowly and then not.
std::vector<float> RandomFeatures(int frames, int bins, uint32_t seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  std::vector<float> features;
  std::vector<float> spectrum(bins);
  for (int t = 0; t < 4 * frames; ++t) {
    for (float& bin : spectrum) {
      bin = 0.8f * bin + 2.0f * normal(random);
      features.push_back(10.0f + bin);
    }
  }
  return features;
}

class EncoderTest : public ::testing::Test {
 protected:
  void Load(const ModelConfig& config, MatmulPrecision precision, uint32_t seed = 1) {
    const std::string path = folder_ / "model.safetensors";
    ASSERT_TRUE(WriteTestModel(path, config, seed).ok());
    auto file = ModelFile::Open(path);
    ASSERT_TRUE(file.ok()) << file.status();
    file_ = *std::move(file);
    auto encoder = Encoder::Create(*file_, {.precision = precision});
    ASSERT_TRUE(encoder.ok()) << encoder.status();
    encoder_ = *std::move(encoder);
    auto arena = StateArena::Create(encoder_->layout(), encoder_->InitialState(), 64);
    ASSERT_TRUE(arena.ok()) << arena.status();
    arena_ = *std::move(arena);
  }

  int bins() const { return file_->config().mel_bins; }
  int vocab() const { return file_->config().outputs(); }

  EncoderStream Open(int frames, int chunk, uint32_t seed) {
    return {*arena_->Acquire(), chunk, RandomFeatures(frames, bins(), seed), {}};
  }

  // One step over `frames[i]` frames of each stream.
  void Step(const std::vector<EncoderStream*>& streams, const std::vector<int>& frames) {
    auto scratch = encoder_->NewScratch();
    const int total = std::accumulate(frames.begin(), frames.end(), 0);
    std::vector<float> log_probs(static_cast<size_t>(total) * vocab());
    encoder_->Step(EncoderRows(streams, frames, bins()), *arena_, *scratch, log_probs.data());
    TakeStep(streams, frames, vocab(), log_probs);
  }

  // Alone, a chunk a step; frees the slot.
  std::vector<float> Alone(int frames, int chunk, uint32_t seed) {
    EncoderStream stream = Open(frames, chunk, seed);
    while (stream.done < frames) Step({&stream}, {std::min(chunk, frames - stream.done)});
    arena_->Release(stream.slot);
    return stream.log_probs;
  }

  // The largest error of a log-probability, against 1 or its own size if that is larger.
  double Error(int frames, int chunk) {
    const std::vector<float> actual = Alone(frames, chunk, 3);
    const std::vector<double> wanted =
        ReferenceLogProbs(*file_, RandomFeatures(frames, bins(), 3), chunk);
    EXPECT_EQ(actual.size(), wanted.size());
    double error = 0;
    for (size_t i = 0; i < wanted.size(); ++i) {
      error = std::max(error, std::abs(actual[i] - wanted[i]) / std::max(1.0, std::abs(wanted[i])));
      EXPECT_TRUE(std::isfinite(actual[i]));
    }
    return error;
  }

  TemporaryFolder folder_;
  std::unique_ptr<ModelFile> file_;
  std::unique_ptr<Encoder> encoder_;
  std::unique_ptr<StateArena> arena_;
};

TEST_F(EncoderTest, FloatAgreesWithTheParallelFormForEveryChunkLength) {
  Load(TinyModelConfig(), MatmulPrecision::kFloat);
  for (const int chunk : {1, 2, 4, 8, 16}) {
    EXPECT_LT(Error(37, chunk), 1e-4) << "chunk " << chunk;  // 37: the last chunk is partial
  }
}

TEST_F(EncoderTest, SeveralHeadsAndOddSizesAgree) {
  ModelConfig config = TinyModelConfig();
  config.heads = 3;
  config.width = 48;
  config.conv_kernel = 4;
  config.mel_bins = 27;  // 14 and 7 bins after the convolutions
  config.front_channels1 = 5;
  config.front_channels2 = 17;
  Load(config, MatmulPrecision::kFloat, 2);
  EXPECT_LT(Error(41, 8), 1e-4);
  config.mel_bins = 42;  // 21 and 11
  Load(config, MatmulPrecision::kFloat, 3);
  EXPECT_LT(Error(20, 4), 1e-4);
}

TEST_F(EncoderTest, PhonesBesideTheTokensAgree) {
  ModelConfig config = TinyModelConfig();
  config.phones = {"<blank>", " ", "AA", "B", "ZH"};
  Load(config, MatmulPrecision::kFloat, 4);
  EXPECT_LT(Error(37, 8), 1e-4);
}

TEST_F(EncoderTest, PaperModeAgrees) {
  ModelConfig config = TinyModelConfig();
  config.attention = AttentionMode::kPaper;
  Load(config, MatmulPrecision::kFloat);
  EXPECT_LT(Error(40, 1), 1e-4);
  EXPECT_LT(Error(40, 8), 1e-4);
}

// bf16 rounds weights (the file's are bf16 already) and layer inputs: percents, not more.
TEST_F(EncoderTest, Bfloat16IsCloseToTheParallelForm) {
  if (!kernels::HasFastBFloat16()) GTEST_SKIP() << "this processor has no bf16 products";
  Load(TinyModelConfig(), MatmulPrecision::kBFloat16);
  EXPECT_LT(Error(40, 8), 0.2);
}

// int8 has 127 steps for the largest input of a layer.
TEST_F(EncoderTest, Int8IsCloseToTheParallelForm) {
  if (!kernels::HasFastInt8()) GTEST_SKIP() << "this processor has no int8 products";
  Load(TinyModelConfig(), MatmulPrecision::kInt8);
  EXPECT_EQ(encoder_->precision(), MatmulPrecision::kInt8);
  const double error = Error(40, 8);
  EXPECT_LT(error, 0.4);
  EXPECT_GT(error, 1e-4);  // else this is not int8
}

TEST_F(EncoderTest, APrecisionThatTheProcessorLacksIsRefused) {
  ASSERT_TRUE(WriteTestModel(folder_ / "model.safetensors", TinyModelConfig()).ok());
  const auto file = ModelFile::Open(folder_ / "model.safetensors");
  ASSERT_TRUE(file.ok()) << file.status();
  for (const auto& [precision, fast] : {std::pair{MatmulPrecision::kInt8, kernels::HasFastInt8()},
                                        {MatmulPrecision::kBFloat16, kernels::HasFastBFloat16()}}) {
    const absl::Status status = Encoder::Create(**file, {.precision = precision}).status();
    EXPECT_EQ(status.code(), fast ? absl::StatusCode::kOk : absl::StatusCode::kFailedPrecondition);
  }
}

class EncoderBitsTest : public EncoderTest, public ::testing::WithParamInterface<MatmulPrecision> {
 protected:
  void SetUp() override {
    if ((GetParam() == MatmulPrecision::kInt8 && !kernels::HasFastInt8()) ||
        (GetParam() == MatmulPrecision::kBFloat16 && !kernels::HasFastBFloat16())) {
      GTEST_SKIP() << "this processor has no such products";
    }
  }
};

TEST_P(EncoderBitsTest, AnyNumberOfChunksAStepGivesTheSameBits) {
  Load(TinyModelConfig(), GetParam());
  for (const int chunk : {1, 2, 4, 8, 16}) {
    const int frames = 77;
    const std::vector<float> alone = Alone(frames, chunk, 9);
    for (const int chunks : {2, 3, 7, 100}) {
      EncoderStream stream = Open(frames, chunk, 9);
      while (stream.done < frames) {
        Step({&stream}, {std::min(chunk * chunks, frames - stream.done)});
      }
      arena_->Release(stream.slot);
      EXPECT_EQ(stream.log_probs, alone) << "chunk " << chunk << ", " << chunks << " a step";
    }
  }
}

TEST_P(EncoderBitsTest, TheCompanyDoesNotMatter) {
  Load(TinyModelConfig(), GetParam());
  std::mt19937 random(4);
  constexpr int kChunks[] = {1, 2, 4, 8, 16};
  std::vector<EncoderStream> streams;
  std::vector<EncoderStream*> pointers;
  std::vector<int> lengths;
  for (uint32_t i = 0; i < 23; ++i) {
    lengths.push_back(20 + static_cast<int>(random() % 60));
    streams.push_back(Open(lengths.back(), kChunks[random() % 5], 100 + i));
  }
  for (EncoderStream& stream : streams) pointers.push_back(&stream);
  for (bool more = true; more;) {
    more = false;
    std::vector<int> frames;
    std::shuffle(pointers.begin(), pointers.end(), random);
    for (const EncoderStream* stream : pointers) {
      const size_t index = stream - streams.data();
      const int chunks = static_cast<int>(random() % 4);  // none, too
      frames.push_back(std::min(chunks * stream->chunk, lengths[index] - stream->done));
      more |= stream->done + frames.back() < lengths[index];
    }
    Step(pointers, frames);
  }
  for (uint32_t i = 0; i < streams.size(); ++i) {
    EXPECT_EQ(streams[i].log_probs, Alone(lengths[i], streams[i].chunk, 100 + i)) << i;
  }
}

TEST_P(EncoderBitsTest, APartialChunkEndsWhereItEnds) {
  // 5 frames of a chunk of 8, then a new chunk grid: the same as chunks of 5, 8, 8 for every layer.
  Load(TinyModelConfig(), GetParam());
  EncoderStream a = Open(21, 8, 12), b = Open(21, 8, 12);
  Step({&a}, {5});
  Step({&a}, {16});
  Step({&b}, {5});
  Step({&b}, {8});
  Step({&b}, {8});
  EXPECT_EQ(a.log_probs, b.log_probs);
}

INSTANTIATE_TEST_SUITE_P(Precision, EncoderBitsTest,
                         ::testing::Values(MatmulPrecision::kFloat, MatmulPrecision::kBFloat16,
                                           MatmulPrecision::kInt8),
                         [](const auto& info) { return std::string(kernels::Name(info.param)); });

// Ten minutes, with silence, noise, and features that no microphone makes.
TEST_P(EncoderBitsTest, LongStreamsStayFinite) {
  Load(TinyModelConfig(), GetParam());
  EncoderStream stream = Open(15000, 8, 5);
  for (size_t i = 0; i < stream.features.size(); ++i) {
    const size_t second = i / (100 * bins());
    if (second % 60 == 7) stream.features[i] = -15.9f;
    if (second % 60 == 20) stream.features[i] = 3e38f;
    if (second % 60 == 21) stream.features[i] = -INFINITY;
    if (second % 60 == 22) stream.features[i] = NAN;
  }
  while (stream.done < 15000) Step({&stream}, {std::min(600, 15000 - stream.done)});
  for (const float value : stream.log_probs) ASSERT_TRUE(std::isfinite(value));
  const float* state = arena_->slot(stream.slot);
  for (int64_t i = 0; i < encoder_->layout().total; ++i) ASSERT_TRUE(std::isfinite(state[i]));
}

TEST_F(EncoderTest, RowsOfDifferentChunkLengthsKeepTheirOwnState) {
  Load(TinyModelConfig(), MatmulPrecision::kAuto);
  const std::vector<float> one = Alone(16, 1, 6), eight = Alone(16, 8, 6);
  EXPECT_NE(one, eight);  // look-ahead matters, so the test above means something
}

}  // namespace
}  // namespace rill
