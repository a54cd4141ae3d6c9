#include "model/training/run/trainer.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <limits>

#include "tests/training/run/linear_trainable.h"

namespace rill::training {
namespace {

constexpr Schedule kSchedule = {.peak_rate = 0.01, .warmup_steps = 3, .audio_seconds = 100};

Trainer MakeTrainer(int replicas, at::ScalarType compute = at::kFloat) {
  return Trainer(std::make_unique<LinearTrainable>(compute), 64, replicas, {});
}

void Steps(Trainer& trainer, BatchSource& source, int count) {
  for (int i = 0; i < count; ++i) {
    const absl::StatusOr<StepResult> result = trainer.Step(source, kSchedule);
    ASSERT_TRUE(result.ok()) << result.status();
    ASSERT_TRUE(result->applied);
  }
}

void ExpectSame(const std::vector<NamedTensor>& a, const std::vector<NamedTensor>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a[i].name, b[i].name);
    EXPECT_EQ(a[i].values, b[i].values) << a[i].name;
  }
}

TEST(TrainerTest, LossFallsOnAProblemItCanSolve) {
  ListBatchSource source({RandomBatch(1), RandomBatch(2)});
  Trainer trainer = MakeTrainer(2);
  const StepResult first = *trainer.Step(source, kSchedule);
  Steps(trainer, source, 150);
  const StepResult last = *trainer.Step(source, kSchedule);
  EXPECT_LT(last.top, 0.05 * first.top);
  EXPECT_EQ(last.step, 151);
  EXPECT_EQ(last.characters, 24);
}

TEST(TrainerTest, TwoReplicasEqualOneWithBothBatches) {
  const Batch a = RandomBatch(1), b = RandomBatch(2);
  Batch both = a;
  both.rows = a.rows + b.rows;
  both.characters = a.characters + b.characters;
  both.audio_seconds = a.audio_seconds + b.audio_seconds;
  both.features.insert(both.features.end(), b.features.begin(), b.features.end());
  for (PackedClip clip : b.clips) {
    clip.row += a.rows;
    both.clips.push_back(clip);
  }
  ListBatchSource apart({a, b}), together({both});
  Trainer two = MakeTrainer(2), one = MakeTrainer(1);
  Steps(two, apart, 10);
  Steps(one, together, 10);
  const std::vector<NamedTensor> x = two.Tensors(), y = one.Tensors();
  for (size_t i = 0; i < x.size(); ++i) {
    for (size_t j = 0; j < x[i].values.size(); ++j) {
      // Newton-Schulz in bf16 turns a last bit of the gradient into more.
      ASSERT_NEAR(x[i].values[j], y[i].values[j], 2e-3) << x[i].name;
    }
  }
  EXPECT_DOUBLE_EQ(two.progress().audio_seconds, one.progress().audio_seconds);
}

TEST(TrainerTest, ResumesBitForBit) {
  for (const at::ScalarType compute : {at::kFloat, at::kBFloat16}) {
    ListBatchSource source(RandomBatches(7));
    Trainer straight = MakeTrainer(2, compute);
    Steps(straight, source, 25);

    Trainer before = MakeTrainer(2, compute);
    Steps(before, source, 11);
    Trainer after = MakeTrainer(2, compute);
    ASSERT_TRUE(after.LoadTensors(before.Tensors()).ok());
    after.progress() = before.progress();
    Steps(after, source, 14);
    ExpectSame(after.Tensors(), straight.Tensors());
    EXPECT_EQ(after.progress().step, 25);
    EXPECT_EQ(after.progress().next_batch, 50);
  }
}

TEST(TrainerTest, RunsAreRepeatable) {
  ListBatchSource source(RandomBatches(5));
  Trainer first = MakeTrainer(3), second = MakeTrainer(3);
  Steps(first, source, 20);
  Steps(second, source, 20);
  ExpectSame(first.Tensors(), second.Tensors());
}

TEST(TrainerTest, LeavesOutAStepWithoutAFiniteGradient) {
  Batch bad = RandomBatch(1);
  bad.features[0] = std::numeric_limits<float>::quiet_NaN();
  ListBatchSource source({RandomBatch(2), bad, RandomBatch(3)});
  Trainer trainer = MakeTrainer(1);
  Steps(trainer, source, 1);
  const std::vector<NamedTensor> before = trainer.Tensors();
  const absl::StatusOr<StepResult> result = trainer.Step(source, kSchedule);
  ASSERT_TRUE(result.ok());
  EXPECT_FALSE(result->applied);
  ExpectSame(trainer.Tensors(), before);
  Steps(trainer, source, 1);
}

TEST(TrainerTest, RefusesTensorsThatDoNotFit) {
  Trainer trainer = MakeTrainer(1);
  const std::vector<NamedTensor> before = trainer.Tensors();
  std::vector<NamedTensor> missing = before;
  missing.pop_back();
  EXPECT_EQ(trainer.LoadTensors(missing).code(), absl::StatusCode::kInvalidArgument);
  std::vector<NamedTensor> wrong = before;
  wrong.back().shape = {2, 3};
  wrong.back().values.assign(6, 1.0f);
  EXPECT_EQ(trainer.LoadTensors(wrong).code(), absl::StatusCode::kInvalidArgument);
  ExpectSame(trainer.Tensors(), before);
}

class FailingSource : public ListBatchSource {
 public:
  using ListBatchSource::ListBatchSource;
  absl::StatusOr<Batch> Get(int64_t index) override {
    if (index == 3) return absl::DataLossError("clip 3 is gone");
    if (index == 5) throw std::runtime_error("thrown");
    return ListBatchSource::Get(index);
  }
};

TEST(TrainerTest, ErrorsOfTheSourceEndTheStep) {
  FailingSource source(RandomBatches(2));
  Trainer trainer = MakeTrainer(2);
  Steps(trainer, source, 1);
  const absl::Status status = trainer.Step(source, kSchedule).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << status;
  trainer.progress().next_batch = 4;
  EXPECT_EQ(trainer.Step(source, kSchedule).status().code(), absl::StatusCode::kInternal);
}

}  // namespace
}  // namespace rill::training
