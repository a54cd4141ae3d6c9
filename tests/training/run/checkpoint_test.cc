#include "model/training/run/checkpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "model/training/run/checkpoint_folder.h"
#include "tests/temporary_folder.h"

namespace rill::training {
namespace {

Checkpoint Example(int64_t step = 7) {
  Checkpoint checkpoint;
  checkpoint.config = *NamedModelConfig("tiny");
  if (checkpoint.config.tokens.empty()) checkpoint.config.tokens = CharacterTokens();
  checkpoint.progress = {.step = step,
                         .next_batch = 14,
                         .audio_seconds = 0.1 + 0.2,
                         .wall_seconds = 3,
                         .annealing = true,
                         .anneal_audio_seconds = 0.3,
                         .anneal_wall_seconds = 2,
                         .anneal_step = 5,
                         .best_error = 41.5};
  checkpoint.statistics = {{-3.1f, 1.0f / 3}, {0.7f, 2.0f}};
  checkpoint.options = "rate=0.1\n";
  checkpoint.tensors = {{"master.a", {2, 2}, {1, 2, 3, 1.0f / 3}}, {"master.b", {1}, {-5}}};
  return checkpoint;
}

std::string Read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

void Write(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

TEST(CheckpointTest, ReadsWhatItWrote) {
  const TemporaryFolder folder;
  const Checkpoint written = Example();
  ASSERT_TRUE(WriteCheckpoint(folder / "a", written).ok());
  const absl::StatusOr<Checkpoint> read = ReadCheckpoint(folder / "a");
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->config.ToJson(), written.config.ToJson());
  EXPECT_EQ(read->progress.ToJson(), written.progress.ToJson());
  EXPECT_EQ(read->progress.audio_seconds, 0.1 + 0.2);
  EXPECT_EQ(read->statistics.mean, written.statistics.mean);
  EXPECT_EQ(read->statistics.inv_std, written.statistics.inv_std);
  EXPECT_EQ(read->options, written.options);
  ASSERT_EQ(read->tensors.size(), 2u);
  ASSERT_NE(read->Find("master.a"), nullptr);
  EXPECT_EQ(read->Find("master.a")->values, written.tensors[0].values);
  EXPECT_EQ(read->Find("master.a")->shape, written.tensors[0].shape);
  EXPECT_EQ(read->Find("master.c"), nullptr);
}

TEST(CheckpointTest, FindsDamageInEveryByteAndEveryCut) {
  const TemporaryFolder folder;
  ASSERT_TRUE(WriteCheckpoint(folder / "a", Example()).ok());
  const std::string good = Read(folder / "a");
  for (size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] ^= 0x10;
    // A blank of the padding behind the header may become another character that JSON refuses.
    Write(folder / "b", bad);
    EXPECT_FALSE(ReadCheckpoint(folder / "b").ok()) << "byte " << i;
  }
  for (size_t length = 0; length < good.size(); length += 5) {
    Write(folder / "b", good.substr(0, length));
    const absl::Status status = ReadCheckpoint(folder / "b").status();
    EXPECT_FALSE(status.ok()) << "cut to " << length;
  }
  Write(folder / "b", good + "x");
  EXPECT_FALSE(ReadCheckpoint(folder / "b").ok());
}

TEST(CheckpointFolderTest, KeepsTheLastTwoAndEveryNth) {
  const TemporaryFolder folder;
  CheckpointFolder checkpoints(folder / "run", 3);
  for (int i = 1; i <= 8; ++i) ASSERT_TRUE(checkpoints.Save(Example(i)).ok());
  std::vector<int64_t> numbers;
  for (const auto& [number, path] : checkpoints.List()) numbers.push_back(number);
  EXPECT_THAT(numbers, testing::ElementsAre(3, 6, 7, 8));
}

TEST(CheckpointFolderTest, FallsBackToTheOneBeforeADamagedOne) {
  const TemporaryFolder folder;
  CheckpointFolder checkpoints(folder / "run", 0);
  std::vector<std::string> notes;
  absl::StatusOr<std::optional<Checkpoint>> newest = checkpoints.LoadNewest(&notes);
  ASSERT_TRUE(newest.ok());
  EXPECT_FALSE(newest->has_value());

  ASSERT_TRUE(checkpoints.Save(Example(1)).ok());
  const std::string second = *checkpoints.Save(Example(2));
  newest = checkpoints.LoadNewest(&notes);
  ASSERT_TRUE(newest.ok() && newest->has_value());
  EXPECT_EQ((*newest)->progress.step, 2);
  EXPECT_TRUE(notes.empty());

  Write(second, Read(second).substr(0, 300));
  newest = checkpoints.LoadNewest(&notes);
  ASSERT_TRUE(newest.ok() && newest->has_value());
  EXPECT_EQ((*newest)->progress.step, 1);
  EXPECT_THAT(notes, testing::ElementsAre(testing::HasSubstr("checkpoint-000002")));

  for (const auto& [number, path] : checkpoints.List()) Write(path, "nothing");
  EXPECT_EQ(checkpoints.LoadNewest(&notes).status().code(), absl::StatusCode::kDataLoss);
}

TEST(CheckpointFolderTest, IgnoresOtherFiles) {
  const TemporaryFolder folder;
  std::filesystem::create_directories(folder / "run");
  Write(folder / "run/checkpoint-000009.safetensors.tmp", "half");
  Write(folder / "run/checkpoint-new.safetensors", "?");
  Write(folder / "run/best.safetensors", "?");
  EXPECT_TRUE(CheckpointFolder(folder / "run", 0).List().empty());
}

TEST(ProgressTest, RefusesWhatIsNotProgress) {
  EXPECT_FALSE(Progress::FromJson("{}").ok());
  std::string old = Progress{.step = 4}.ToJson();  // of a run from before there was this field
  const std::string field = "\"anneal_step\":0,";
  ASSERT_NE(old.find(field), std::string::npos);
  old.erase(old.find(field), field.size());
  EXPECT_EQ(Progress::FromJson(old)->step, 4);
  EXPECT_FALSE(Progress::FromJson("[").ok());
  EXPECT_FALSE(Progress::FromJson(R"({"step": "seven"})").ok());
}

}  // namespace
}  // namespace rill::training
