#include "model/training/data/training_data.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <set>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "model/training/data/token_table.h"
#include "tests/training/data/data_fixture.h"

namespace rill::training {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class TrainingDataTest : public testing::Test {
 protected:
  TrainingDataTest() {
    WriteCorpus("train/tones", 30, 1);
    WriteCorpus("train/few", 10, 0.6);
    WriteCorpus("dev/heard", 4, 0.8);
    WriteFile(folder_, "noise/wind.wav", ToneWav(0.7, 120, 0.2));
    config_.tokens = CharacterTokens();
    options_.train = {folder_ / "train"};
    options_.dev = {folder_ / "dev"};
    options_.noise = folder_ / "noise";
    options_.cache_folder = folder_ / "cache";
    options_.rows = 2;
    options_.row_frames = 100;
    options_.progress = false;
    options_.log = [this](const std::string& line) { log_ += line + "\n"; };
  }

  void WriteCorpus(const std::string& name, int clips, double seconds,
                   const std::string& text = "hello there") {
    std::string manifest = "path\tspeaker\tseconds\ttext\n";
    for (int i = 0; i < clips; ++i) {
      const std::string clip = std::to_string(i) + ".wav";
      WriteFile(folder_, name + "/" + clip, ToneWav(seconds + 0.02 * i, 300 + 20 * i, 0.2));
      manifest += clip + "\ts\t" + std::to_string(seconds) + "\t" + text + "\n";
    }
    WriteFile(folder_, name + "/manifest.tsv", manifest);
  }

  std::string OpenError() {
    const auto data = TrainingData::Open(options_, config_);
    return data.ok() ? "" : std::string(data.status().message());
  }

  TemporaryFolder folder_;
  ModelConfig config_;
  DataOptions options_;
  std::string log_;
};

TEST_F(TrainingDataTest, OpensAFolderOfCorpora) {
  options_.shares = {{"few", 0.5}};
  options_.loss_weights = {{"tone*", 0.25}};
  const auto opened = TrainingData::Open(options_, config_);
  ASSERT_TRUE(opened.ok()) << opened.status();
  TrainingData& data = **opened;
  ASSERT_EQ(data.corpora().size(), 2u);
  EXPECT_EQ(data.corpora()[0].name, "few");
  EXPECT_EQ(data.corpora()[0].share, 0.5);
  EXPECT_EQ(data.corpora()[1].name, "tones");
  EXPECT_EQ(data.corpora()[1].clips, 30);
  EXPECT_EQ(data.corpora()[1].loss_weight, 0.25);
  EXPECT_NEAR(data.corpora()[1].hours, (30 * 1 + 0.02 * 435) / 3600, 1e-3 / 3.6);
  EXPECT_NEAR(data.hours_per_pass(), data.total_hours() - data.corpora()[0].hours / 2, 1e-9);
  ASSERT_EQ(data.evaluation_sets().size(), 1u);
  EXPECT_EQ(data.evaluation_sets()[0].name(), "heard");
  EXPECT_EQ(data.evaluation_sets()[0].clips(), 4);
  EXPECT_EQ(data.evaluation_sets()[0].Get(0).references[0], "hello there");
  const int64_t per_pass = data.source().batches_per_pass();
  EXPECT_TRUE(per_pass >= 4 && per_pass <= 9) << per_pass;  // 45 s of clips, 8 s a batch
  EXPECT_THAT(log_, AllOf(HasSubstr("tones"), HasSubstr("few"), HasSubstr("heard")));
}

TEST_F(TrainingDataTest, GivesEachDifferentTextOnce) {
  WriteCorpus("train/other", 3, 1, "oh");
  const auto data = TrainingData::Open(options_, config_);
  ASSERT_TRUE(data.ok()) << data.status();
  const auto tokens = TokenTable::Create(config_.tokens);
  ASSERT_TRUE(tokens.ok());
  std::vector<std::vector<int32_t>> expected;
  for (const char* text : {"hello there", "oh"}) {
    expected.push_back(*tokens->Encode(text));
    expected.back().push_back(tokens->space());  // a pause ends a word
  }
  EXPECT_THAT((*data)->DistinctTexts(), testing::UnorderedElementsAreArray(expected));
  EXPECT_EQ((*data)->space(), tokens->space());
}

TEST_F(TrainingDataTest, FeaturesAreNormalised) {
  options_.augment = AugmentOptions();
  options_.augment.gain_db = 0;
  options_.augment.noise_probability = 0;
  options_.augment.frequency_masks = 0;
  options_.augment.time_mask_interval = 0;
  options_.augment.speeds = {1};
  const auto data = TrainingData::Open(options_, config_);
  ASSERT_TRUE(data.ok()) << data.status();
  double sum = 0, squares = 0, count = 0;
  for (int64_t index = 0; index < 40; ++index) {
    const Batch batch = (*data)->source().Get(index).value();
    for (const PackedClip& clip : batch.clips) {
      const float* at =
          batch.features.data() + (clip.row * batch.frames + clip.first_frame) * 4 * 80;
      for (int64_t i = 0; i < clip.frames * 4 * 80; ++i) {
        sum += at[i];
        squares += at[i] * at[i];
        ++count;
      }
    }
  }
  EXPECT_NEAR(sum / count, 0, 0.02);
  EXPECT_NEAR(squares / count, 1, 0.03);
}

TEST_F(TrainingDataTest, ARunGoesOnWhereItWasWhateverItsThreads) {
  std::vector<Batch> batches;
  {
    const auto data = TrainingData::Open(options_, config_);
    ASSERT_TRUE(data.ok()) << data.status();
    for (int64_t i = 0; i < 20; ++i) batches.push_back((*data)->source().Get(i).value());
  }
  options_.workers = 0;
  const auto again = TrainingData::Open(options_, config_);
  ASSERT_TRUE(again.ok()) << again.status();
  for (int64_t i = 13; i < 20; ++i) {
    const Batch batch = (*again)->source().Get(i).value();
    EXPECT_EQ(batch.features, batches[i].features);
    EXPECT_EQ(batch.chunk_end, batches[i].chunk_end);
    EXPECT_EQ(batch.characters, batches[i].characters);
  }
  EXPECT_NE(batches[0].features, batches[10].features);
}

TEST_F(TrainingDataTest, TakesTheStatisticsOfAModelThatIsTrainedFurther) {
  options_.statistics = FeatureStatistics{std::vector<float>(80, 3), std::vector<float>(80, 2)};
  const auto data = TrainingData::Open(options_, config_);
  ASSERT_TRUE(data.ok()) << data.status();
  EXPECT_EQ((*data)->statistics().mean, options_.statistics->mean);
  options_.statistics->mean.resize(40);
  EXPECT_THAT(OpenError(), HasSubstr("statistics"));
  options_.statistics->inv_std.resize(40);
  EXPECT_THAT(OpenError(), AllOf(HasSubstr("40"), HasSubstr("80")));
}

TEST_F(TrainingDataTest, EvaluatesWithoutTrainingOnTheStatisticsOfAModel) {
  options_.train.clear();
  EXPECT_THAT(OpenError(), HasSubstr("train"));
  options_.statistics = FeatureStatistics{std::vector<float>(80, 3), std::vector<float>(80, 2)};
  const auto data = TrainingData::Open(options_, config_);
  ASSERT_TRUE(data.ok()) << data.status();
  EXPECT_EQ((*data)->evaluation_sets()[0].Get(0).batch.clips.size(), 4u);
  EXPECT_EQ((*data)->source().batches_per_pass(), 0);
  EXPECT_EQ((*data)->source().Get(0).status().code(), absl::StatusCode::kFailedPrecondition);
  options_.dev.clear();
  EXPECT_THAT(OpenError(), HasSubstr("train"));
}

TEST_F(TrainingDataTest, ATeacherIsOfThoseCorporaThatHaveItsCodes) {
  options_.teacher = folder_ / "codes";
  EXPECT_THAT(OpenError(), HasSubstr("codes has no CORPUS.codes.tsv"));
  const auto write = [this](const std::string& name, int clips, int frames, int codes) {
    std::string lines = "path\tframes\tcodes\n";
    for (int i = 0; i < clips; ++i) {
      absl::StrAppend(&lines, i, ".wav\t", frames, "\t",
                      absl::Base64Escape(std::string(codes, '\0')), "\n");
    }
    WriteFile(folder_, "codes/" + name + ".codes.tsv", lines);
  };
  write("few", 10, 15, 44);
  EXPECT_THAT(OpenError(), HasSubstr("few.codes.tsv:2: 44 codes for 15 frames"));
  EXPECT_FALSE(std::filesystem::exists(options_.cache_folder)) << "before computing features";
  write("few", 10, 15, 45);
  const auto data = TrainingData::Open(options_, config_);
  ASSERT_TRUE(data.ok()) << data.status();
  EXPECT_EQ((*data)->teacher_groups(), 3);
  int64_t with = 0, without = 0;
  for (int64_t index = 0; index < (*data)->source().batches_per_pass(); ++index) {
    const Batch batch = (*data)->source().Get(index).value();
    for (const PackedClip& clip : batch.clips) {
      clip.teacher.empty() ? ++without : ++with;
      EXPECT_TRUE(clip.teacher.empty() || clip.teacher == std::vector<uint8_t>(3 * clip.frames));
    }
  }
  EXPECT_GT(with, 0);
  EXPECT_GT(without, with);
  write("tones", 30, 25, 50);
  EXPECT_THAT(OpenError(),
              HasSubstr("tones.codes.tsv: 2 codes a frame where other corpora have 3"));
}

TEST_F(TrainingDataTest, PhonesAreOfTheTexts) {
  options_.pronunciations = WriteFile(folder_, "words.dict", "hello HH AH L OW\nthere DH EH R\n");
  EXPECT_THAT(OpenError(), HasSubstr("words.dict is for a model that hears phones"));
  config_.phones = {"<blank>", " ", "AH", "DH", "EH", "HH", "L", "OW"};
  EXPECT_THAT(OpenError(), HasSubstr("words.dict has other phones than the model"));
  config_.phones.push_back("R");
  WriteCorpus("dev/odd", 3, 1, "hello you");
  EXPECT_THAT(OpenError(), AllOf(HasSubstr("odd/manifest.tsv:2: 'you'"), HasSubstr("words.dict")));
  EXPECT_FALSE(std::filesystem::exists(options_.cache_folder)) << "before computing features";
  WriteCorpus("dev/odd", 3, 1, "hello");
  const auto data = TrainingData::Open(options_, config_);
  ASSERT_TRUE(data.ok()) << data.status();
  const std::vector<int32_t> said = {5, 2, 6, 7, 1, 3, 4, 8, 1};
  EXPECT_THAT((*data)->DistinctTexts(), testing::ElementsAre(said));
  EXPECT_EQ((*data)->space(), 1);
  const Batch batch = (*data)->source().Get(0).value();
  for (const PackedClip& clip : batch.clips) EXPECT_EQ(clip.phones, said);
  EXPECT_EQ((*data)->evaluation_sets()[0].Get(0).batch.clips[0].phones, said);

  // Who only looks at the letters needs no pronunciations.
  options_.pronunciations.clear();
  const auto letters = TrainingData::Open(options_, config_);
  ASSERT_TRUE(letters.ok()) << letters.status();
  EXPECT_TRUE((*letters)->source().Get(0)->clips[0].phones.empty());
}

TEST_F(TrainingDataTest, NamesWhatIsWrong) {
  WriteCorpus("odd/numbers", 3, 1, "route 66");
  options_.train.push_back(folder_ / "odd");
  EXPECT_THAT(OpenError(), AllOf(HasSubstr("odd/numbers/manifest.tsv:2"), HasSubstr("'6'")));
  options_.train = {folder_ / "nowhere"};
  EXPECT_THAT(OpenError(), HasSubstr("nowhere"));
  options_.train = {folder_ / "train"};
  options_.shares = {{"many", 0.5}};
  EXPECT_THAT(OpenError(), AllOf(HasSubstr("shares"), HasSubstr("many")));
  options_.shares = {{"*", 0}};
  EXPECT_THAT(OpenError(), HasSubstr("no clip"));
  options_.shares.clear();
  options_.row_frames = 5;
  EXPECT_THAT(OpenError(), HasSubstr("no clip"));
  options_.row_frames = 100;
  options_.noise = folder_ / "silence";
  EXPECT_THAT(OpenError(), HasSubstr("silence"));
  options_.noise.clear();
  EXPECT_EQ(OpenError(), "");
}

TEST_F(TrainingDataTest, RealRecordingsPackWell) {
  const std::string speech = SpeechFolder();
  if (speech.empty()) GTEST_SKIP() << "no real recordings: set RILL_SPEECH_DIR to a folder of them";
  options_.train = {speech + "/dev/commonvoice-en-shubhra"};
  options_.dev.clear();
  options_.noise.clear();
  options_.augment.speeds = {1};
  options_.rows = 4;
  options_.row_frames = 448;
  const auto data = TrainingData::Open(options_, config_);
  ASSERT_TRUE(data.ok()) << data.status();
  EXPECT_GT((*data)->corpora()[0].clips, 200);
  EXPECT_NEAR((*data)->total_hours(), 0.35, 0.01);
  for (const float deviation : (*data)->statistics().inv_std) {
    EXPECT_TRUE(deviation > 0.1 && deviation < 1) << deviation;
  }
  int64_t frames = 0;
  const int64_t batches = (*data)->source().batches_per_pass();
  for (int64_t i = 0; i < batches; ++i) {
    const Batch batch = (*data)->source().Get(i).value();
    for (const float value : batch.features) ASSERT_TRUE(std::isfinite(value));
    for (const PackedClip& clip : batch.clips) frames += clip.frames;
  }
  EXPECT_GT(frames, 0.93 * static_cast<double>(batches * 4 * 448));
}

}  // namespace
}  // namespace rill::training
