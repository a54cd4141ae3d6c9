// The encoder's parallel form: fused kernels against plain operations, and the whole of it against
// the recurrent form that serves.
#include "model/training/encoder/encoder_module.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include "kernels/cpu/linear_attention.h"
#include "model/encoder/encoder.h"
#include "model/file/model_file.h"
#include "tests/temporary_folder.h"

namespace rill::training {
namespace {

using at::Tensor;

ModelConfig TinyConfig() {
  ModelConfig config = *NamedModelConfig("tiny");
  config.heads = 2;
  config.intermediate_block = 1;
  return config;
}

// Chunk ends of one row: a grid of `chunk` frames.
Tensor Grid(int64_t rows, int64_t frames, int64_t chunk) {
  Tensor ends = at::empty({rows, frames}, at::kInt);
  for (int64_t t = 0; t < frames; ++t) {
    ends.select(1, t).fill_(std::min(frames, (t / chunk + 1) * chunk));
  }
  return ends;
}

Tensor RandomFeatures(const ModelConfig& config, int64_t rows, int64_t frames) {
  at::manual_seed(7);
  return at::randn({rows, 4 * frames, config.mel_bins});
}

double RelativeError(const Tensor& got, const Tensor& expected) {
  const Tensor e = expected.to(at::kDouble);
  return ((got.to(at::kDouble) - e).norm() / e.norm().clamp_min(1e-12)).item<double>();
}

// Moves every parameter off its starting value: zeros and ones hide mistakes.
void Perturb(EncoderModule& module) {
  at::manual_seed(3);
  at::NoGradGuard no_grad;
  for (Parameter& p : module.parameters()) {
    p.tensor.add_(at::randn(p.tensor.sizes()).mul_(0.1).to(p.tensor.scalar_type()));
  }
}

// The processor's kernels behind the functions of kernels/cuda/attention_library.h, in float.
template <bool kBackward>
int AttendOnCpu(const RillAttentionCall* call) {
  const kernels::AttentionShape shape = {call->batch, call->heads, call->frames};
  const auto in = [](const void* values) { return static_cast<const float*>(values); };
  const auto out = [](void* values) { return static_cast<float*>(values); };
  const kernels::AttentionInputs<float> inputs = {in(call->q),     in(call->k),     in(call->v),
                                                  call->log_decay, call->chunk_end, call->z0};
  if (kBackward) {
    kernels::LinearAttentionBackward<float>(
        shape, inputs, in(call->d_num), call->d_den,
        {out(call->d_q), out(call->d_k), out(call->d_v), call->d_log_decay, call->d_z0});
  } else {
    kernels::LinearAttentionForward<float>(shape, inputs, out(call->num), call->den);
  }
  return call->scratch != nullptr && call->is_bfloat16 == 0 ? 0 : 1;
}

size_t SomeScratch(const RillAttentionCall* call, int32_t is_backward) { return 64; }

TEST(OpenAttentionKernelsTest, RefusesWhatIsNoLibraryOfRill) {
  const TemporaryFolder folder;
  EXPECT_EQ(OpenAttentionKernels(folder / "none.so").status().code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(OpenAttentionKernels("libm.so.6").status().message()),
              ::testing::HasSubstr("is not of rill"));
}

class FusedAgainstPlain : public ::testing::TestWithParam<int> {};

TEST_P(FusedAgainstPlain, SameOutputsAndGradients) {
  const ModelConfig config = TinyConfig();
  EncoderModule fused(config, {.teacher_outputs = 512});
  EncoderModule plain(config, {.plain = true, .teacher_outputs = 512});
  EncoderModule mixed(
      config, {.plain = true,
               .attention = AttentionKernels{SomeScratch, AttendOnCpu<false>, AttendOnCpu<true>},
               .teacher_outputs = 512});
  for (EncoderModule* module : {&fused, &plain, &mixed}) Perturb(*module);
  const int64_t frames = 37;
  const Tensor features = RandomFeatures(config, 2, frames);
  const Tensor ends = Grid(2, frames, GetParam());

  const Tensor weights = at::randn({2, frames, config.outputs()});
  const auto forward_and_backward = [&](EncoderModule& module) {
    EncoderModule::Output output = module.Forward(features, ends);
    ((output.logits * weights).sum() + output.intermediate.square().sum() +
     output.teacher.square().sum())
        .backward();
    return output;
  };
  const auto expected = forward_and_backward(plain);
  for (EncoderModule* module : {&fused, &mixed}) {
    const auto got = forward_and_backward(*module);
    EXPECT_LT(RelativeError(got.logits, expected.logits), 1e-5);
    EXPECT_LT(RelativeError(got.intermediate, expected.intermediate), 1e-5);
    EXPECT_LT(RelativeError(got.teacher, expected.teacher), 1e-5);
    for (size_t i = 0; i < plain.parameters().size(); ++i) {
      const Parameter &p = module->parameters()[i], &q = plain.parameters()[i];
      ASSERT_TRUE(p.tensor.grad().defined()) << p.name;
      EXPECT_LT(RelativeError(p.tensor.grad(), q.tensor.grad()), 1e-4) << p.name;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(ChunkLengths, FusedAgainstPlain, ::testing::Values(1, 2, 4, 8, 16, 64));

TEST(EncoderModuleTest, BFloat16StaysNearFloat) {
  const ModelConfig config = TinyConfig();
  EncoderModule wide(config, {}), narrow(config, {.compute = at::kBFloat16});
  const Tensor features = RandomFeatures(config, 2, 30), ends = Grid(2, 30, 4);
  const Tensor expected = wide.Forward(features, ends).logits;
  EXPECT_LT(RelativeError(narrow.Forward(features, ends).logits, expected), 0.03);
}

TEST(EncoderModuleTest, ReplicasShareWeightsButNotGradients) {
  EncoderModule module(TinyConfig(), {});
  const auto replica = module.Replicate();
  const Tensor features = RandomFeatures(module.config(), 1, 8), ends = Grid(1, 8, 4);
  replica->Forward(features, ends).logits.sum().backward();
  for (size_t i = 0; i < module.parameters().size(); ++i) {
    EXPECT_EQ(module.parameters()[i].tensor.data_ptr(), replica->parameters()[i].tensor.data_ptr());
    EXPECT_FALSE(module.parameters()[i].tensor.grad().defined());
  }
}

TEST(CtcLossSumTest, FusedEqualsLibTorch) {
  at::manual_seed(5);
  const Tensor logits = at::randn({2, 40, 29});
  const std::vector<PackedClip> clips = {
      {0, 0, 20, {1, 2, 2, 5}, 1.0f}, {0, 20, 20, {28, 3, 4}, 0.5f}, {1, 3, 30, {7, 7, 7}, 1.0f}};
  int64_t skipped = 0;
  const Tensor fused_in = logits.clone().requires_grad_(true);
  const Tensor fused = CtcLossSum(fused_in, clips, &skipped);
  fused.backward();

  const Tensor plain_in = logits.clone().requires_grad_(true);
  Tensor plain = at::zeros({});
  for (const PackedClip& c : clips) {
    const Tensor log_probs =
        at::log_softmax(plain_in[c.row].narrow(0, c.first_frame, c.frames), -1).unsqueeze(1);
    plain = plain + c.weight * at::ctc_loss(log_probs, at::tensor(c.labels, at::kInt).unsqueeze(0),
                                            at::IntArrayRef{c.frames},
                                            at::IntArrayRef{static_cast<int64_t>(c.labels.size())},
                                            0, at::Reduction::Sum);
  }
  plain.backward();
  EXPECT_EQ(skipped, 0);
  EXPECT_NEAR(fused.item<float>(), plain.item<float>(), 1e-3);
  EXPECT_LT(RelativeError(fused_in.grad(), plain_in.grad()), 1e-4);
}

TEST(CtcLossSumTest, ClipsTooShortForTheirLabelsAreSkippedAndCounted) {
  const Tensor logits = at::randn({1, 10, 29}).requires_grad_(true);
  int64_t skipped = 0;
  const Tensor loss = CtcLossSum(logits, {{0, 0, 3, {1, 1, 1}, 1.0f}}, &skipped);
  loss.backward();
  EXPECT_EQ(skipped, 1);
  EXPECT_EQ(loss.item<float>(), 0);
  EXPECT_EQ(logits.grad().abs().sum().item<float>(), 0);
}

// The two forms of one function: training's over whole rows, serving's chunk by chunk.
class ParallelAgainstRecurrent : public ::testing::TestWithParam<std::tuple<AttentionMode, int>> {
 protected:
  // Writes the module as a model file whose features need no normalisation, and opens it.
  std::unique_ptr<ModelFile> Export(EncoderModule& module) {
    const ModelConfig& config = module.config();
    std::vector<NamedTensor> tensors;
    tensors.push_back({"features.mean", {config.mel_bins}, std::vector<float>(config.mel_bins, 0)});
    tensors.push_back(
        {"features.inv_std", {config.mel_bins}, std::vector<float>(config.mel_bins, 1)});
    for (const Parameter& p : module.parameters()) {
      if (p.name.rfind("intermediate.", 0) == 0) continue;
      const Tensor flat = p.tensor.detach().to(at::kFloat).contiguous();
      const float* data = flat.const_data_ptr<float>();
      tensors.push_back(
          {p.name, p.tensor.sizes().vec(), std::vector<float>(data, data + flat.numel())});
    }
    const std::string path = folder_ / "model.safetensors";
    EXPECT_TRUE(WriteModelFile(path, config, {}, tensors, MatrixType::kFloat).ok());
    auto file = ModelFile::Open(path);
    EXPECT_TRUE(file.ok()) << file.status();
    return *std::move(file);
  }

  TemporaryFolder folder_;  // of this process: CTest runs the cases side by side
};

TEST_P(ParallelAgainstRecurrent, SameLogProbabilities) {
  const auto [mode, chunk] = GetParam();
  ModelConfig config = TinyConfig();
  config.attention = mode;
  EncoderModule module(config, {});
  Perturb(module);
  const int64_t frames = 45;
  const Tensor features = RandomFeatures(config, 1, frames);
  const Tensor expected =
      at::log_softmax(module.Forward(features, Grid(1, frames, chunk)).logits, -1);

  const auto file = Export(module);
  const auto encoder = Encoder::Create(*file, {.precision = kernels::MatmulPrecision::kFloat});
  ASSERT_TRUE(encoder.ok()) << encoder.status();
  const auto arena = StateArena::Create((*encoder)->layout(), (*encoder)->InitialState(), 1);
  ASSERT_TRUE(arena.ok()) << arena.status();
  const auto scratch = (*encoder)->NewScratch();
  const int slot = *(*arena)->Acquire();
  Tensor got = at::empty({frames, config.outputs()});
  for (int64_t t = 0; t < frames; t += chunk) {
    const int count = static_cast<int>(std::min<int64_t>(chunk, frames - t));
    const EncoderRow row{slot, chunk, count,
                         features.const_data_ptr<float>() + 4 * t * config.mel_bins};
    (*encoder)->Step({&row, 1}, **arena, *scratch, got.data_ptr<float>() + t * config.outputs());
  }
  EXPECT_LT((got - expected[0]).abs().max().item<float>(), 2e-3);
}

INSTANTIATE_TEST_SUITE_P(
    ModesAndChunks, ParallelAgainstRecurrent,
    ::testing::Values(std::tuple{AttentionMode::kRill, 1}, std::tuple{AttentionMode::kRill, 2},
                      std::tuple{AttentionMode::kRill, 4}, std::tuple{AttentionMode::kRill, 8},
                      std::tuple{AttentionMode::kRill, 16}, std::tuple{AttentionMode::kPaper, 1},
                      std::tuple{AttentionMode::kPaper, 8}));

}  // namespace
}  // namespace rill::training
