// The loss of a model that hears phones beside its letters.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "model/training/encoder/consistency_loss.h"
#include "model/training/encoder/crf_loss.h"
#include "model/training/encoder/encoder_trainable.h"

namespace rill::training {
namespace {

ModelConfig Config() {
  ModelConfig config = *NamedModelConfig("tiny");
  config.phones = {"<blank>", " ", "AH", "B", "HH", "L", "OW"};
  return config;
}

// A row with two clips; with two views, another with the same.
Batch SpeechBatch(int64_t views = 1) {
  Batch batch;
  batch.rows = batch.views = views;
  batch.frames = 32;
  batch.mel_bins = Config().mel_bins;
  const at::Tensor features = at::randn({batch.rows, 4 * batch.frames, batch.mel_bins},
                                        at::make_generator<at::CPUGeneratorImpl>(uint64_t{3}));
  batch.features.assign(features.const_data_ptr<float>(),
                        features.const_data_ptr<float>() + features.numel());
  for (int64_t row = 0; row < batch.rows; ++row) {
    for (int32_t end = 4; end <= batch.frames; end += 4) {
      batch.chunk_end.insert(batch.chunk_end.end(), 4, end);
    }
    batch.clips.push_back({row, 0, 14, {10, 7, 14, 14, 17, 1}, 1.0f});
    batch.clips.back().phones = {4, 2, 5, 6, 1};
    batch.clips.push_back({row, 16, 12, {17, 10, 1}, 0.5f});
    batch.clips.back().phones = {6, 1};
  }
  batch.characters = 9 * views;
  return batch;
}

std::vector<PackedClip> Said(const Batch& batch) {
  std::vector<PackedClip> clips = batch.clips;
  for (PackedClip& clip : clips) clip.labels = clip.phones;
  return clips;
}

std::shared_ptr<const TokenNgram> Ngram() {
  return std::make_shared<TokenNgram>(
      TokenNgram::Build({{4, 2, 5, 6, 1}, {6, 1}}, Config().num_phones(), 1, {.order = 3}).value());
}

std::unique_ptr<EncoderTrainable> MakeModel(const LossOptions& loss) {
  return std::make_unique<EncoderTrainable>(
      std::make_unique<EncoderModule>(Config(), EncoderModule::Options()), loss, Ngram());
}

at::Tensor Gradient(EncoderTrainable& model, const std::string& name) {
  for (const Parameter& parameter : model.parameters()) {
    if (parameter.name == name) return parameter.tensor.grad();
  }
  return at::Tensor();
}

TEST(PhoneLossTest, IsThePhonesAndAShareOfTheLetters) {
  LossOptions options;
  options.letters = 0.25;
  options.crf = 0.6;
  options.consistency = 0.2;
  options.intermediate = 0;
  const Batch batch = SpeechBatch(/*views=*/2);
  const auto model = MakeModel(options);
  const at::Tensor logits = model->Logits(batch).requires_grad_(true);
  const BatchLoss loss = model->Backward(batch);

  const int64_t tokens = Config().num_tokens();
  const at::Tensor letters = logits.slice(2, 0, tokens), phones = logits.slice(2, tokens);
  int64_t skipped = 0;
  const at::Tensor of_letters = CtcLossSum(letters, batch.clips, &skipped);
  const at::Tensor of_phones = CtcLossSum(phones, Said(batch), &skipped);
  const at::Tensor crf = CrfLossSum(phones, Said(batch), *Ngram());
  const at::Tensor between =
      0.75 * ConsistencyLoss(phones, batch.clips) + 0.25 * ConsistencyLoss(letters, batch.clips);
  const auto value = [](const at::Tensor& t) { return t.item<double>(); };
  EXPECT_EQ(skipped, 0);
  EXPECT_EQ(loss.skipped, 0);
  EXPECT_NEAR(loss.letters, value(of_letters), 1e-4 * value(of_letters));
  EXPECT_NEAR(loss.top, value(of_phones), 1e-4 * value(of_phones));
  EXPECT_NEAR(loss.crf, value(of_phones) + value(crf), 1e-4 * value(of_phones));
  EXPECT_NEAR(loss.consistency, value(between), 1e-4 * value(between));
  (0.75 * (of_phones + 0.6 * crf) + 0.25 * of_letters + 0.2 * between).backward();
  const at::Tensor expected = logits.grad().sum(at::IntArrayRef{0, 1});
  EXPECT_TRUE(at::allclose(Gradient(*model, "head.bias"), expected, 1e-3, 1e-4));
}

TEST(PhoneLossTest, ReachesBothPartsOfTheHeadAndEachLossItsOwn) {
  const int64_t tokens = Config().num_tokens();
  for (const double share : {0.0, 0.3, 1.0}) {
    LossOptions options;
    options.letters = share;
    options.crf = 0.6;
    options.intermediate = 0;
    const auto model = MakeModel(options);
    model->Backward(SpeechBatch());
    const at::Tensor rows = Gradient(*model, "head.weight").abs().sum(1);
    EXPECT_EQ((rows.slice(0, 0, tokens) > 0).all().item<bool>(), share > 0) << share;
    EXPECT_EQ((rows.slice(0, tokens) > 0).all().item<bool>(), share < 1) << share;
    const at::Tensor left_out = share == 0   ? rows.slice(0, 0, tokens)
                                : share == 1 ? rows.slice(0, tokens)
                                             : at::zeros({1});
    EXPECT_EQ(left_out.max().item<float>(), 0) << share;
  }
}

TEST(PhoneLossTest, TheMiddleOfTheEncoderHearsLetters) {
  LossOptions options;
  options.intermediate = 0.3;
  const auto model = MakeModel(options);
  const BatchLoss loss = model->Backward(SpeechBatch());
  EXPECT_GT(loss.intermediate, 0);
  EXPECT_EQ(Gradient(*model, "intermediate.bias").size(0), Config().num_tokens());
  EXPECT_GT(Gradient(*model, "intermediate.bias").abs().max().item<float>(), 0);
}

}  // namespace
}  // namespace rill::training
