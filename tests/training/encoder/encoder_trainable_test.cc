#include "model/training/encoder/encoder_trainable.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <memory>

#include "model/training/data/teacher_codes.h"
#include "model/training/run/trainer.h"
#include "tests/training/run/linear_trainable.h"

namespace rill::training {
namespace {

constexpr Schedule kSchedule = {.peak_rate = 5e-3, .warmup_steps = 5, .audio_seconds = 1e6};

ModelConfig Config() {
  ModelConfig config = *NamedModelConfig("tiny");
  config.tokens = CharacterTokens();
  return config;
}

// Two rows of two clips with labels that have nothing to do with the features: to be learnt by
// heart.
Batch SpeechBatch(uint64_t seed) {
  const ModelConfig config = Config();
  Batch batch;
  batch.rows = 2;
  batch.frames = 32;
  batch.mel_bins = config.mel_bins;
  const at::Tensor features = at::randn({batch.rows, 4 * batch.frames, batch.mel_bins},
                                        at::make_generator<at::CPUGeneratorImpl>(seed));
  batch.features.assign(features.const_data_ptr<float>(),
                        features.const_data_ptr<float>() + features.numel());
  for (int64_t row = 0; row < batch.rows; ++row) {
    for (int32_t end = 4; end <= batch.frames; end += 4)
      batch.chunk_end.insert(batch.chunk_end.end(), 4, end);
    for (int64_t first : {0, 16}) {
      PackedClip clip = {row, first, 14, {}, 1.0f};
      for (int i = 0; i < 5; ++i) {
        clip.labels.push_back(static_cast<int32_t>(1 + (seed * 7 + row * 5 + first + 3 * i) % 27));
      }
      batch.characters += 5;
      batch.clips.push_back(std::move(clip));
    }
  }
  batch.audio_seconds = 0.04 * 14 * 4;
  return batch;
}

struct Form {
  at::ScalarType compute;
  bool plain;
};

class EncoderTrainableTest : public testing::TestWithParam<Form> {
 protected:
  // `teacher`: the weight of its loss; below 0 there is no head for it.
  static std::unique_ptr<EncoderTrainable> MakeModel(double dropout, double teacher = -1) {
    LossOptions loss;
    loss.teacher = teacher;
    return std::make_unique<EncoderTrainable>(
        MakeModule(dropout, teacher < 0 ? 0 : 2 * kTeacherClasses), loss);
  }

  static std::unique_ptr<EncoderTrainable> MakeCrfModel(double crf) {
    LossOptions loss;
    loss.crf = crf;
    const auto vocab = static_cast<int64_t>(Config().tokens.size());
    return std::make_unique<EncoderTrainable>(
        MakeModule(0, 0), loss,
        std::make_shared<TokenNgram>(
            TokenNgram::Build({{1, 2, 3}, {1, 2, 4}}, vocab, 0, {.order = 3}).value()));
  }

  static std::unique_ptr<EncoderTrainable> MakeMwerModel(double mwer) {
    LossOptions loss;
    loss.mwer = mwer;
    return std::make_unique<EncoderTrainable>(
        MakeModule(0, 0), loss, nullptr,
        TextSearch::Create(Config().tokens, nullptr, TextSearch::DefaultOptions(), 8).value());
  }

  static at::Tensor HeadBiasGradient(EncoderTrainable& model) {
    for (const Parameter& parameter : model.parameters()) {
      if (parameter.name == "head.bias") return parameter.tensor.grad().clone();
    }
    ADD_FAILURE() << "no bias of the head";
    return at::Tensor();
  }

  static std::unique_ptr<EncoderModule> MakeModule(double dropout, int64_t teacher_outputs) {
    EncoderModule::Options options;
    options.dropout = dropout;
    options.compute = GetParam().compute;
    options.plain = GetParam().plain;
    options.teacher_outputs = teacher_outputs;
    return std::make_unique<EncoderModule>(Config(), options);
  }

  static std::unique_ptr<Trainer> MakeTrainer(int replicas, double dropout = 0,
                                              double teacher = -1) {
    return std::make_unique<Trainer>(MakeModel(dropout, teacher), Config().attention_width(),
                                     replicas, OptimizerOptions());
  }

  // Two codes for every frame of the clips of the first row.
  static Batch TaughtBatch(uint64_t seed) {
    Batch batch = SpeechBatch(seed);
    for (PackedClip& clip : batch.clips) {
      if (clip.row > 0) continue;
      for (int64_t t = 0; t < clip.frames; ++t) {
        clip.teacher.push_back(static_cast<uint8_t>(seed + clip.first_frame + t));
        clip.teacher.push_back(7);
      }
    }
    return batch;
  }

  // `first` steps, a checkpoint and `rest` steps are all of them in one run.
  static void ExpectResumes(BatchSource& source, double dropout, int first, int rest,
                            double teacher = -1) {
    const std::unique_ptr<Trainer> straight = MakeTrainer(2, dropout, teacher);
    Steps(*straight, source, first + rest);
    const std::unique_ptr<Trainer> before = MakeTrainer(2, dropout, teacher),
                                   after = MakeTrainer(2, dropout, teacher);
    Steps(*before, source, first);
    ASSERT_TRUE(after->LoadTensors(before->Tensors()).ok());
    after->progress() = before->progress();
    Steps(*after, source, rest);
    const std::vector<NamedTensor> expected = straight->Tensors(), got = after->Tensors();
    for (size_t i = 0; i < expected.size(); ++i) {
      EXPECT_EQ(got[i].values, expected[i].values) << expected[i].name;
    }
  }

  static double Steps(Trainer& trainer, BatchSource& source, int count) {
    double loss = 0;
    for (int i = 0; i < count; ++i) {
      const absl::StatusOr<StepResult> result = trainer.Step(source, kSchedule);
      EXPECT_TRUE(result.ok()) << result.status();
      if (!result.ok()) break;
      EXPECT_TRUE(result->applied);
      EXPECT_GT(result->intermediate, 0);
      EXPECT_EQ(result->skipped, 0);
      loss = result->top / static_cast<double>(result->characters);
    }
    return loss;
  }
};

TEST_P(EncoderTrainableTest, LearnsByHeart) {
  ListBatchSource source({SpeechBatch(1), SpeechBatch(2)});
  const std::unique_ptr<Trainer> trainer = MakeTrainer(2);
  const double first = Steps(*trainer, source, 1);
  const double last = Steps(*trainer, source, 60);
  EXPECT_LT(last, 0.5 * first);
}

TEST_P(EncoderTrainableTest, ResumesBitForBit) {
  ListBatchSource source({SpeechBatch(1), SpeechBatch(2), SpeechBatch(3)});
  ExpectResumes(source, /*dropout=*/0, 3, 5);
}

TEST_P(EncoderTrainableTest, LearnsWhatATeacherHeardBesideTheTexts) {
  ListBatchSource source({TaughtBatch(1), TaughtBatch(2)});
  const std::unique_ptr<Trainer> trainer = MakeTrainer(2, /*dropout=*/0, /*teacher=*/0.3);
  const StepResult first = *trainer->Step(source, kSchedule);
  // Knowing nothing: 28 frames of each batch.
  EXPECT_NEAR(first.teacher, 2 * 28 * std::log(kTeacherClasses), 0.1);
  for (int i = 0; i < 60; ++i) ASSERT_TRUE(trainer->Step(source, kSchedule).ok());
  const StepResult last = *trainer->Step(source, kSchedule);
  EXPECT_LT(last.teacher, 0.5 * first.teacher);
  EXPECT_LT(last.top, 0.5 * first.top);
  ExpectResumes(source, /*dropout=*/0, 3, 5, /*teacher=*/0.3);
}

TEST_P(EncoderTrainableTest, LearnsTextsAmongTexts) {
  ListBatchSource source({SpeechBatch(1), SpeechBatch(2)});
  Trainer trainer(MakeCrfModel(1), Config().attention_width(), 2, OptimizerOptions());
  const StepResult first = *trainer.Step(source, kSchedule);
  Steps(trainer, source, 60);
  const StepResult last = *trainer.Step(source, kSchedule);
  EXPECT_GT(last.crf, 0);
  EXPECT_LT(last.crf, 0.5 * first.crf);
}

TEST_P(EncoderTrainableTest, HowFarItIsCtcCrfIsAFactor) {
  const Batch batch = SpeechBatch(1);
  const auto gradient = [&](double crf) {
    const auto model = MakeCrfModel(crf);
    const BatchLoss loss = model->Backward(batch);
    EXPECT_EQ(loss.crf > 0, crf > 0);
    return HeadBiasGradient(*model);
  };
  const at::Tensor none = gradient(0), half = gradient(0.5), all = gradient(1);
  EXPECT_FALSE(at::allclose(none, all, 1e-2, 1e-2));
  EXPECT_TRUE(at::allclose((none + all) / 2, half, 1e-2, 1e-2));
}

TEST_P(EncoderTrainableTest, LearnsToMakeFewerWordErrors) {
  ListBatchSource source({SpeechBatch(1), SpeechBatch(2)});
  Trainer trainer(MakeMwerModel(5), Config().attention_width(), 2, OptimizerOptions());
  const StepResult first = *trainer.Step(source, kSchedule);
  EXPECT_GE(first.words, 8);
  EXPECT_GT(first.mwer, 0.5 * first.words);
  Steps(trainer, source, 60);
  const StepResult last = *trainer.Step(source, kSchedule);
  EXPECT_EQ(last.words, first.words);
  EXPECT_LT(last.mwer, 0.5 * first.mwer);
}

TEST_P(EncoderTrainableTest, WordErrorsAreAFactorBesideCtc) {
  const Batch batch = SpeechBatch(1);
  const auto gradient = [&](double mwer) {
    const auto model = MakeMwerModel(mwer);
    const BatchLoss loss = model->Backward(batch);
    EXPECT_EQ(loss.words > 0, mwer > 0);
    return HeadBiasGradient(*model);
  };
  const at::Tensor none = gradient(0), some = gradient(20), more = gradient(40);
  EXPECT_FALSE(at::allclose(none, more, 1e-2, 1e-2));
  EXPECT_TRUE(at::allclose((none + more) / 2, some, 1e-2, 1e-2));
}

TEST_P(EncoderTrainableTest, ATeacherOfNoWeightChangesNothing) {
  const Batch batch = TaughtBatch(1);
  const auto without = MakeModel(0), with = MakeModel(0, /*teacher=*/0);
  EXPECT_EQ(without->Backward(batch).teacher, 0);
  EXPECT_GT(with->Backward(batch).teacher, 0);
  for (size_t i = 0; i < without->parameters().size(); ++i) {
    EXPECT_TRUE(with->parameters()[i].tensor.grad().equal(without->parameters()[i].tensor.grad()))
        << without->parameters()[i].name;
  }
}

TEST_P(EncoderTrainableTest, DropoutIsOfTheBatchAndResumesBitForBit) {
  std::vector<Batch> batches = {SpeechBatch(1), SpeechBatch(1), SpeechBatch(1)};
  for (size_t i = 0; i < batches.size(); ++i) batches[i].key = i;
  ListBatchSource source(batches);
  ExpectResumes(source, /*dropout=*/0.2, 2, 3);
}

TEST_P(EncoderTrainableTest, DropoutIsForTrainingOnly) {
  const auto without = MakeModel(0), with = MakeModel(0.2);
  Batch batch = SpeechBatch(1);
  EXPECT_TRUE(with->Logits(batch).equal(without->Logits(batch)));
  const double plain = without->Backward(batch).top, first = with->Backward(batch).top;
  batch.key = 1;
  const double second = with->Backward(batch).top;
  EXPECT_NE(first, plain);
  EXPECT_NE(first, second);
}

TEST_P(EncoderTrainableTest, TwoReplicasGiveTheGradientOfBothBatches) {
  const Batch a = SpeechBatch(1), b = SpeechBatch(2);
  Batch both = a;
  both.rows += b.rows;
  both.characters += b.characters;
  both.features.insert(both.features.end(), b.features.begin(), b.features.end());
  both.chunk_end.insert(both.chunk_end.end(), b.chunk_end.begin(), b.chunk_end.end());
  for (PackedClip clip : b.clips) {
    clip.row += a.rows;
    both.clips.push_back(clip);
  }
  ListBatchSource apart({a, b}), together({both});
  const StepResult two = *MakeTrainer(2)->Step(apart, kSchedule);
  const StepResult one = *MakeTrainer(1)->Step(together, kSchedule);
  const double tolerance = GetParam().compute == at::kFloat ? 1e-4 : 2e-2;
  EXPECT_NEAR(two.top, one.top, tolerance * one.top);
  EXPECT_NEAR(two.intermediate, one.intermediate, tolerance * one.intermediate);
  EXPECT_NEAR(two.gradient_norm, one.gradient_norm, tolerance * one.gradient_norm);
}

INSTANTIATE_TEST_SUITE_P(Forms, EncoderTrainableTest,
                         testing::Values(Form{at::kFloat, true}, Form{at::kFloat, false},
                                         Form{at::kBFloat16, false}));

}  // namespace
}  // namespace rill::training
