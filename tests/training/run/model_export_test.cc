#include "model/training/run/model_export.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "model/file/tensor_names.h"
#include "tests/temporary_folder.h"

namespace rill::training {
namespace {

Checkpoint Example() {
  Checkpoint checkpoint;
  checkpoint.config = *NamedModelConfig("tiny");
  if (checkpoint.config.tokens.empty()) checkpoint.config.tokens = CharacterTokens();
  checkpoint.progress.step = 12;
  checkpoint.statistics.mean.assign(checkpoint.config.mel_bins, -5.0f);
  checkpoint.statistics.inv_std.assign(checkpoint.config.mel_bins, 0.5f);
  float value = 0;
  for (const TensorSpec& spec : ModelTensors(checkpoint.config)) {
    if (spec.name.starts_with("features.")) continue;
    int64_t size = 1;
    for (const int64_t n : spec.shape) size *= n;
    value += 0.001f;
    const std::vector<float> values(size, value), others(size, -value);
    checkpoint.tensors.push_back({"average." + spec.name, spec.shape, values});
    checkpoint.tensors.push_back({"master." + spec.name, spec.shape, others});
  }
  checkpoint.tensors.push_back({"average.intermediate.weight", {1}, {1}});
  return checkpoint;
}

TEST(ModelExportTest, WritesAModelThatOpens) {
  const TemporaryFolder folder;
  const Checkpoint checkpoint = Example();
  for (const bool average : {true, false}) {
    // And how much of a value its type may lose.
    for (const auto& [matrices, loss] :
         {std::pair(MatrixType::kFloat, 0.0f), std::pair(MatrixType::kBFloat16, 0.005f),
          std::pair(MatrixType::kInt8, 0.0f)}) {  // no matrix

      ExportOptions options;
      options.average = average;
      options.matrices = matrices;
      options.metadata = {{"rill.name", "example"}, {"rill.license", "CC0-1.0"}};
      const absl::Status status = ExportModel(checkpoint, options, folder / "m.safetensors");
      ASSERT_TRUE(status.ok()) << status;
      const auto model = ModelFile::Open(folder / "m.safetensors");
      ASSERT_TRUE(model.ok()) << model.status();
      EXPECT_EQ((*model)->name(), "example");
      EXPECT_EQ((*model)->metadata().at("rill.license"), "CC0-1.0");
      EXPECT_EQ((*model)->config().ToJson(), checkpoint.config.ToJson());
      EXPECT_EQ((*model)->Tensor("features.mean"), checkpoint.statistics.mean);
      const NamedTensor* expected =
          checkpoint.Find(average ? "average.head.weight" : "master.head.weight");
      const std::vector<float> got = (*model)->Tensor("head.weight");
      ASSERT_EQ(got.size(), expected->values.size());
      const float error = std::abs(got[0] - expected->values[0]);
      EXPECT_LE(error, loss * std::abs(expected->values[0]));
    }
  }
}

TEST(ModelExportTest, AveragesWithOtherModels) {
  const TemporaryFolder folder;
  Checkpoint checkpoint = Example();
  ExportOptions options;
  options.matrices = MatrixType::kFloat;
  std::vector<std::unique_ptr<ModelFile>> others;
  for (const float factor : {3.0f, 5.0f}) {
    Checkpoint other = checkpoint;
    for (NamedTensor& tensor : other.tensors) {
      for (float& value : tensor.values) value *= factor;
    }
    ASSERT_TRUE(ExportModel(other, options, folder / "other.safetensors").ok());
    others.push_back(*ModelFile::Open(folder / "other.safetensors"));
  }
  for (const auto& other : others) options.average_with.push_back(other.get());
  ASSERT_TRUE(ExportModel(checkpoint, options, folder / "mean.safetensors").ok());
  const auto mean = *ModelFile::Open(folder / "mean.safetensors");
  EXPECT_EQ(mean->Tensor("features.mean"), checkpoint.statistics.mean);
  const std::vector<float> got = mean->Tensor("head.weight");
  const std::vector<float>& one = checkpoint.Find("average.head.weight")->values;
  for (size_t i = 0; i < got.size(); ++i) ASSERT_FLOAT_EQ(got[i], 3 * one[i]) << i;

  checkpoint.statistics.mean[0] += 1;
  const absl::Status status = ExportModel(checkpoint, options, folder / "no.safetensors");
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(status.message().find("other.safetensors"), std::string::npos);
}

TEST(ModelExportTest, NamesAMissingTensor) {
  const TemporaryFolder folder;
  Checkpoint checkpoint = Example();
  std::erase_if(checkpoint.tensors,
                [](const NamedTensor& tensor) { return tensor.name == "average.final_norm"; });
  const absl::Status status = ExportModel(checkpoint, {}, folder / "m.safetensors");
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_NE(std::string(status.message()).find("average.final_norm"), std::string::npos);
}

}  // namespace
}  // namespace rill::training
