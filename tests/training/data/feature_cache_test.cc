#include "model/training/data/feature_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>

#include "model/features/log_mel.h"
#include "model/training/data/feature_math.h"
#include "model/training/data/noise_folder.h"
#include "tests/training/data/data_fixture.h"

namespace rill::training {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class FeatureCacheTest : public testing::Test {
 protected:
  FeatureCacheTest() {
    for (int i = 0; i < 12; ++i) {
      const std::string name = "tone" + std::to_string(i) + ".wav";
      list_.recordings.push_back(
          {WriteFile(folder_, name, ToneWav(0.2 + 0.05 * (i % 5), 200 + 100 * i, 0.3)), name, 0.3,
           "here"});
    }
  }

  FeatureCache Cache(int workers = 1) {
    return FeatureCache({folder_ / "cache", 16000, 80, workers, false,
                         [this](const std::string& line) { log_.push_back(line); }});
  }

  // Bytes of every feature file, by name.
  std::map<std::string, std::string> CachedFiles() {
    std::map<std::string, std::string> files;
    for (const auto& entry : fs::directory_iterator(folder_ / "cache")) {
      std::ifstream in(entry.path(), std::ios::binary);
      files[entry.path().filename()] = std::string{std::istreambuf_iterator<char>(in), {}};
    }
    files.erase("lock");
    return files;
  }

  TemporaryFolder folder_;
  RecordingList list_{"tones", {}, {0.9, 1.0, 1.1}};
  std::vector<std::string> log_;
};

TEST_F(FeatureCacheTest, HoldsWhatLogMelSaysAtEverySpeed) {
  const auto files = Cache().Open({list_});
  ASSERT_TRUE(files.ok()) << files.status();
  ASSERT_EQ(files->size(), 1u);
  ASSERT_EQ((*files)[0].size(), 3u);
  // 0.25 s at 16 kHz: 1 + floor((4000 - 400 r) / (160 r)) frames at speed r.
  EXPECT_EQ((*files)[0][0]->Get(1).frames, 26);
  EXPECT_EQ((*files)[0][1]->Get(1).frames, 23);
  EXPECT_EQ((*files)[0][2]->Get(1).frames, 21);
  for (int speed = 0; speed < 3; ++speed) {
    LogMel log_mel({16000, 80, list_.speeds[speed]});
    std::vector<float> samples, expected;
    for (int i = 0; i < 4000; ++i) {
      samples.push_back(static_cast<float>(
          static_cast<int>(32767 * 0.3 * std::sin(2 * M_PI * 300 * i / 16000.0)) / 32768.0));
    }
    log_mel.Accept(samples, &expected);
    const FeatureView view = (*files)[0][speed]->Get(1);
    ASSERT_EQ(view.frames * 80, static_cast<int64_t>(expected.size()));
    std::vector<float> values(expected.size());
    HalfToFloat(view.frames * 80, view.values, values.data());
    for (size_t i = 0; i < values.size(); ++i) ASSERT_NEAR(values[i], expected[i], 0.01);
  }
}

TEST_F(FeatureCacheTest, TheFilesDoNotDependOnTheWorkers) {
  ASSERT_TRUE(Cache(1).Open({list_}).ok());
  const auto alone = CachedFiles();
  ASSERT_EQ(alone.size(), 3u);
  fs::remove_all(folder_ / "cache");
  ASSERT_TRUE(Cache(4).Open({list_}).ok());
  EXPECT_TRUE(CachedFiles() == alone);
}

TEST_F(FeatureCacheTest, IsFilledOnceAndCompletedIfAFileIsMissingOrCut) {
  ASSERT_TRUE(Cache().Open({list_}).ok());
  const auto files = CachedFiles();
  const std::string first = files.begin()->first;
  std::vector<fs::file_time_type> times;
  for (const auto& [name, bytes] : files) {
    times.push_back(fs::last_write_time(folder_ / ("cache/" + name)));
  }
  fs::resize_file(folder_ / ("cache/" + first), 1000);
  ASSERT_TRUE(Cache().Open({list_}).ok());
  EXPECT_TRUE(CachedFiles() == files);
  size_t i = 0;
  for (const auto& [name, bytes] : files) {
    EXPECT_EQ(fs::last_write_time(folder_ / ("cache/" + name)) == times[i++], name != first)
        << name;
  }
}

TEST_F(FeatureCacheTest, AnotherListOrAnotherRecordingGetsItsOwnFile) {
  ASSERT_TRUE(Cache().Open({list_}).ok());
  WriteFile(folder_, "tone3.wav", ToneWav(0.5, 200, 0.3));
  const auto files = Cache().Open({list_});
  ASSERT_TRUE(files.ok());
  EXPECT_EQ(CachedFiles().size(), 6u);
  EXPECT_EQ((*files)[0][1]->Get(3).frames, 48);
}

TEST_F(FeatureCacheTest, LeavesOutAnUnreadableRecordingAndSaysSo) {
  list_.recordings[5].path = WriteFile(folder_, "broken.wav", "no audio");
  const auto files = Cache().Open({list_});
  ASSERT_TRUE(files.ok()) << files.status();
  EXPECT_EQ((*files)[0][0]->Get(5).frames, 0);
  EXPECT_GT((*files)[0][0]->Get(6).frames, 0);
  ASSERT_EQ(log_.size(), 1u);
  EXPECT_THAT(log_[0], testing::AllOf(HasSubstr("here"), HasSubstr("broken.wav")));
}

TEST_F(FeatureCacheTest, ManyUnreadableRecordingsAreAnErrorThatLeavesNoFile) {
  list_.recordings[5].path = list_.recordings[7].path =
      WriteFile(folder_, "broken.wav", "no audio");
  const auto files = Cache(2).Open({list_});
  EXPECT_EQ(files.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(files.status().message()), HasSubstr("broken.wav"));
  EXPECT_TRUE(CachedFiles().empty());
}

TEST_F(FeatureCacheTest, AMissingRecordingIsNotFound) {
  list_.recordings[2].path = folder_ / "gone.wav";
  const auto files = Cache().Open({list_});
  EXPECT_EQ(files.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(files.status().message()),
              testing::AllOf(HasSubstr("here"), HasSubstr("gone.wav")));
}

TEST_F(FeatureCacheTest, FindsSoundsByTheirExtension) {
  WriteFile(folder_, "sounds/deep/b.WAV", "x");
  WriteFile(folder_, "sounds/a.flac", "x");
  WriteFile(folder_, "sounds/readme.txt", "x");
  WriteFile(folder_, "sounds/deep/d.flac", "x");
  const auto sounds = NoiseRecordings(folder_ / "sounds", NoisePart::kTraining);
  ASSERT_TRUE(sounds.ok()) << sounds.status();
  ASSERT_EQ(sounds->recordings.size(), 2u);
  EXPECT_EQ(sounds->recordings[0].name, "a.flac");
  EXPECT_EQ(sounds->recordings[1].name, "deep/b.WAV");
  EXPECT_THAT(sounds->speeds, testing::ElementsAre(1.0));
  const auto held_out = NoiseRecordings(folder_ / "sounds", NoisePart::kHeldOut);
  ASSERT_TRUE(held_out.ok()) << held_out.status();
  ASSERT_EQ(held_out->recordings.size(), 1u);
  EXPECT_EQ(held_out->recordings[0].name, "deep/d.flac");
  WriteFile(folder_, "few/a.flac", "x");
  EXPECT_TRUE(NoiseRecordings(folder_ / "few", NoisePart::kTraining).ok());
  for (const char* folder : {"none", "few"}) {
    EXPECT_EQ(NoiseRecordings(folder_ / folder, NoisePart::kHeldOut).status().code(),
              absl::StatusCode::kNotFound);
  }
}

// What a model was trained on must still be known years later: the choice may never change.
TEST_F(FeatureCacheTest, OneSoundInFiveIsHeldOutByItsName) {
  EXPECT_TRUE(IsHeldOut("noise.wav"));
  EXPECT_TRUE(IsHeldOut("some/where/noise.wav"));
  EXPECT_FALSE(IsHeldOut("wind.wav"));
  int held_out = 0;
  for (int i = 0; i < 10000; ++i) {
    held_out += IsHeldOut("sound" + std::to_string(i) + ".opus") ? 1 : 0;
  }
  EXPECT_NEAR(held_out, 2000, 150);
}

}  // namespace
}  // namespace rill::training
