#include "model/training/run/training_loop.h"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/temporary_folder.h"
#include "tests/training/run/linear_trainable.h"

namespace rill::training {
namespace {

class TrainingLoopTest : public testing::Test {
 protected:
  // A process that starts or goes on with the run in the folder, and ends as `options` say.
  absl::Status Process(LoopOptions options) {
    options.folder = folder_.path();
    options.schedule = {.peak_rate = 0.01, .warmup_steps = 3, .audio_seconds = kAudioSeconds};
    options.log_steps = 5;
    std::vector<std::string> notes;
    auto newest = CheckpointFolder(folder_.path(), 0).LoadNewest(&notes);
    if (!newest.ok()) return newest.status();
    Trainer trainer(std::make_unique<LinearTrainable>(), 64, 2, {});
    Checkpoint header;
    header.config = *NamedModelConfig("tiny");
    if (header.config.tokens.empty()) header.config.tokens = CharacterTokens();
    if (newest->has_value()) {
      absl::Status status = trainer.LoadTensors((**newest).tensors);
      if (!status.ok()) return status;
      trainer.progress() = (**newest).progress;
    }
    absl::StatusOr<RunLog> log = RunLog::Open(folder_.path());
    if (!log.ok()) return log.status();
    TrainingLoop loop(trainer, source_, sets_, header, *log, options);
    return loop.Run();
  }

  Checkpoint Newest() {
    std::vector<std::string> notes;
    return **CheckpointFolder(folder_.path(), 0).LoadNewest(&notes);
  }

  std::vector<nlohmann::json> Events(const std::string& name) {
    std::vector<nlohmann::json> events;
    std::ifstream file(folder_ / "metrics.jsonl");
    for (std::string line; std::getline(file, line);) {
      nlohmann::json event = nlohmann::json::parse(line);
      if (event["event"] == name) events.push_back(event);
    }
    return events;
  }

  // Two replicas take 0.96 s a step: 32 steps.
  static constexpr double kAudioSeconds = 30.5;
  const TemporaryFolder folder_;
  ListBatchSource source_{RandomBatches(7)};
  const std::vector<EvaluationSet> sets_;
};

TEST_F(TrainingLoopTest, EndsWithTheScheduleAndLogsOnTheWay) {
  ASSERT_TRUE(Process({}).ok());
  const Checkpoint end = Newest();
  EXPECT_EQ(end.progress.step, 32);
  EXPECT_GE(end.progress.audio_seconds, kAudioSeconds);
  EXPECT_GT(end.progress.wall_seconds, 0);
  const std::vector<nlohmann::json> steps = Events("step");
  ASSERT_EQ(steps.size(), 6u);
  EXPECT_EQ(steps[1]["step"], 10);
  EXPECT_LT(steps[5]["loss"], steps[0]["loss"]);
  EXPECT_LT(steps[5]["rate"], 0.01);
  EXPECT_EQ(Events("end").size(), 1u);
}

TEST_F(TrainingLoopTest, ARunInPiecesEqualsARunInOne) {
  ASSERT_TRUE(Process({}).ok());
  const Checkpoint whole = Newest();
  for (const auto& [number, path] : CheckpointFolder(folder_.path(), 0).List()) {
    std::filesystem::remove(path);
  }
  for (const int64_t steps : {5, 1, 13, 100}) {
    LoopOptions options;
    options.max_steps = steps;
    ASSERT_TRUE(Process(options).ok());
  }
  const Checkpoint pieces = Newest();
  EXPECT_EQ(pieces.progress.step, whole.progress.step);
  EXPECT_EQ(pieces.progress.audio_seconds, whole.progress.audio_seconds);
  ASSERT_EQ(pieces.tensors.size(), whole.tensors.size());
  for (const NamedTensor& tensor : whole.tensors) {
    ASSERT_NE(pieces.Find(tensor.name), nullptr);
    EXPECT_EQ(pieces.Find(tensor.name)->values, tensor.values) << tensor.name;
  }
}

TEST_F(TrainingLoopTest, AStopFinishesTheStepAndSaves) {
  int asked = 0;
  LoopOptions options;
  options.stop = [&] { return ++asked > 4; };
  ASSERT_TRUE(Process(options).ok());
  EXPECT_EQ(Newest().progress.step, 4);
  EXPECT_EQ(Events("end")[0]["finished"], false);
}

TEST_F(TrainingLoopTest, SavesOnTheWayAndGoesOnFromTheLastWholeCheckpoint) {
  LoopOptions options;
  options.checkpoint_seconds = 0;  // after every step
  options.max_steps = 6;
  ASSERT_TRUE(Process(options).ok());
  const std::string newest = CheckpointFolder(folder_.path(), 0).List().rbegin()->second;
  std::filesystem::resize_file(newest, std::filesystem::file_size(newest) / 2);
  EXPECT_EQ(Newest().progress.step, 5);
  options.max_steps = 1;
  ASSERT_TRUE(Process(options).ok());
  EXPECT_EQ(Newest().progress.step, 6);
}

TEST_F(TrainingLoopTest, GivesUpWhenNoGradientIsFinite) {
  std::vector<Batch> batches = RandomBatches(1);
  batches[0].features[0] = std::numeric_limits<float>::infinity();
  source_ = ListBatchSource(batches);
  const absl::Status status = Process({});
  EXPECT_EQ(status.code(), absl::StatusCode::kAborted) << status;
  EXPECT_TRUE(CheckpointFolder(folder_.path(), 0).List().empty());
}

}  // namespace
}  // namespace rill::training
