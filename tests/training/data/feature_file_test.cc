#include "model/training/data/feature_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "model/training/data/feature_math.h"
#include "tests/training/data/data_fixture.h"

namespace rill::training {
namespace {

constexpr int64_t kBins = 3;

float Value(int64_t clip, int64_t frame, int64_t bin) {
  return static_cast<float>(clip * 4 + bin) + static_cast<float>(frame) / 8;  // exact in 16 bits
}

TEST(FeatureFileTest, GivesBackEveryRecording) {
  const TemporaryFolder folder;
  const auto file = MakeFeatureFile(folder, "f", {2, 0, 5}, kBins, Value);
  ASSERT_NE(file, nullptr);
  ASSERT_EQ(file->size(), 3);
  EXPECT_EQ(file->mel_bins(), kBins);
  for (int64_t clip = 0; clip < 3; ++clip) {
    const FeatureView view = file->Get(clip);
    ASSERT_EQ(view.frames, std::vector<int64_t>({2, 0, 5})[clip]);
    std::vector<float> values(view.frames * kBins);
    HalfToFloat(view.frames * kBins, view.values, values.data());
    double energy = 0;
    for (int64_t i = 0; i < view.frames * kBins; ++i) {
      EXPECT_EQ(values[i], Value(clip, i / kBins, i % kBins));
      energy += std::exp(values[i]);
    }
    if (view.frames > 0) {
      EXPECT_NEAR(view.log_energy, std::log(energy / (view.frames * kBins)), 1e-5);
    }
  }
}

TEST(FeatureFileTest, SumsEveryFrame) {
  const TemporaryFolder folder;
  const auto file = MakeFeatureFile(folder, "f", {2, 0, 5}, kBins, Value);
  EXPECT_EQ(file->sums().frames, 7);
  for (int64_t bin = 0; bin < kBins; ++bin) {
    double sum = 0, squares = 0;
    for (int64_t clip : {0, 2}) {
      for (int64_t frame = 0; frame < (clip == 0 ? 2 : 5); ++frame) {
        sum += Value(clip, frame, bin);
        squares += std::pow(Value(clip, frame, bin), 2);
      }
    }
    EXPECT_DOUBLE_EQ(file->sums().sum[bin], sum);
    EXPECT_DOUBLE_EQ(file->sums().squares[bin], squares);
  }
}

TEST(FeatureFileTest, AnUnfinishedFileLeavesNothing) {
  const TemporaryFolder folder;
  {
    auto writer = FeatureFileWriter::Create(folder / "f", std::string(64, 'f'), kBins).value();
    ASSERT_TRUE(writer->Add(std::vector<float>(kBins)).ok());
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
  EXPECT_FALSE(FeatureFileWriter::Create(folder / "none/f", "", kBins).ok());
}

TEST(FeatureFileTest, AnotherListsFileIsRefused) {
  const TemporaryFolder folder;
  ASSERT_NE(MakeFeatureFile(folder, "f", {2}, kBins, Value), nullptr);
  EXPECT_EQ(FeatureFile::Open(folder / "f", std::string(64, 'g')).status().code(),
            absl::StatusCode::kDataLoss);
  EXPECT_EQ(FeatureFile::Open(folder / "f", "f").status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(FeatureFile::Open(folder / "g", "f").status().code(), absl::StatusCode::kNotFound);
}

// Cut anywhere, or with any byte behind the features inverted, the file opens safely or not at all.
TEST(FeatureFileTest, DamageDoesNoHarm) {
  const TemporaryFolder folder;
  ASSERT_NE(MakeFeatureFile(folder, "f", {2, 3}, kBins, Value), nullptr);
  std::ifstream in(folder / "f", std::ios::binary);
  const std::string whole{std::istreambuf_iterator<char>(in), {}};
  const std::string fingerprint(64, 'f');
  for (size_t size = 0; size < whole.size(); ++size) {
    WriteFile(folder, "cut", whole.substr(0, size));
    ASSERT_FALSE(FeatureFile::Open(folder / "cut", fingerprint).ok()) << size;
    ASSERT_FALSE(
        FeatureFile::Open(WriteFile(folder, "tail", whole.substr(size + 1)), fingerprint).ok());
  }
  const size_t data = 2 * 5 * kBins;
  for (size_t at = data; at < whole.size(); ++at) {
    std::string damaged = whole;
    damaged[at] = static_cast<char>(~damaged[at]);
    const auto file = FeatureFile::Open(WriteFile(folder, "bad", damaged), fingerprint);
    if (!file.ok()) continue;
    for (int64_t clip = 0; clip < (*file)->size(); ++clip) {
      const FeatureView view = (*file)->Get(clip);
      ASSERT_LE(view.frames, 5);
      std::vector<float> values(view.frames * (*file)->mel_bins());
      HalfToFloat(static_cast<int64_t>(values.size()), view.values, values.data());
    }
  }
}

}  // namespace
}  // namespace rill::training
