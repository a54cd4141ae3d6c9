// Whole runs of the commands, as a shell would start them.
#include "model/training/commands/train_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>

#include "absl/strings/str_cat.h"
#include "model/file/model_file.h"
#include "model/language_model/language_model_builder.h"
#include "model/training/commands/export_command.h"
#include "tests/model/test_model.h"
#include "tests/training/data/data_fixture.h"

namespace rill::training {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class TrainCommandTest : public testing::Test {
 protected:
  TrainCommandTest() {
    for (const std::string corpus : {"train/tones", "dev/heard"}) {
      std::string manifest = "path\tspeaker\tseconds\ttext\n";
      for (int i = 0; i < 6; ++i) {
        WriteFile(folder_, absl::StrCat(corpus, "/", i, ".wav"), ToneWav(1.0, 300 + 20 * i, 0.2));
        absl::StrAppend(&manifest, i, ".wav\ts\t1\thello there\n");
      }
      WriteFile(folder_, corpus + "/manifest.tsv", manifest);
    }
    words_ = WriteFile(folder_, "words.dict", "hello HH AH L OW\nthere DH EH R\n");
  }

  // A command line of rill-train, in which no word has a blank.
  static absl::Status Program(const std::string& line) {
    CLI::App program;
    TrainCommand train(program);
    ExportCommand export_model(program);
    program.parse(line);
    return train.chosen() ? train.Run() : export_model.Run();
  }

  // Goes on with the folder's run for so many steps, with a tiny model.
  absl::Status Train(const std::string& run, const std::string& flags, int steps = 1) {
    return Program(absl::StrCat("train --size tiny --run ", folder_ / run, " --data ",
                                folder_ / "train", " --dev ", folder_ / "dev", " --cache ",
                                folder_ / "cache", " --rows 2 --row-frames 50 --replicas 1 ",
                                "--schedule constant --workers 0 --max-steps ", steps, " ", flags));
  }

  // Of the texts' two words; `pronunciations` may be empty.
  std::string LanguageModelOf(const std::string& name, const std::string& pronunciations) {
    const std::string arpa = WriteFile(
        folder_, "words.arpa",
        "\\data\\\nngram 1=4\n\n\\1-grams:\n-1 <s>\n-1 </s>\n-0.5 hello\n-0.5 there\n\n\\end\\\n");
    const auto report =
        BuildLanguageModel(arpa, folder_ / name, /*progress=*/nullptr, pronunciations);
    EXPECT_TRUE(report.ok()) << report.status();
    return folder_ / name;
  }

  static std::string Message(const absl::Status& status) { return std::string(status.message()); }

  TemporaryFolder folder_;
  std::string words_;
};

TEST_F(TrainCommandTest, ARunWithPronunciationsGivesAModelThatHearsPhones) {
  const std::string with = "--crf 0.5 --pronunciations " + words_;
  ASSERT_TRUE(Train("run", with, 2).ok());
  const std::string exported = folder_ / "model.safetensors";
  ASSERT_TRUE(Program(absl::StrCat("export --run ", folder_ / "run", " --output ", exported)).ok());
  const auto model = ModelFile::Open(exported);
  ASSERT_TRUE(model.ok()) << model.status();
  EXPECT_THAT((*model)->config().phones,
              ElementsAre("<blank>", " ", "AH", "DH", "EH", "HH", "L", "OW", "R"));
  EXPECT_EQ((*model)->Tensor("head.bias").size(), 29u + 9u);
  EXPECT_TRUE(std::filesystem::exists(folder_ / "run/best.safetensors"));

  // It goes on, and others begin with it, with pronunciations only.
  EXPECT_EQ(Message(Train("run", "")), "--pronunciations is missing: the run began with it");
  EXPECT_TRUE(Train("run", with).ok());
  EXPECT_THAT(Message(Train("next", "--init " + exported)), HasSubstr("give --pronunciations"));
  EXPECT_TRUE(Train("next", "--init " + exported + " " + with).ok());
  const std::string others = WriteFile(folder_, "others.dict", "hello HH EH L OW\nthere DH EH R\n");
  EXPECT_THAT(Message(Train("run", "--pronunciations " + others)),
              HasSubstr("others.dict has other phones than the model"));
  EXPECT_TRUE(Train("other", "--init " + exported + " --pronunciations " + others).ok());
}

TEST_F(TrainCommandTest, AModelOfLettersLearnsPhones) {
  const std::string letters = folder_ / "letters.safetensors";
  ASSERT_TRUE(WriteTestModel(letters).ok());
  EXPECT_TRUE(Train("letters", "--init " + letters).ok());
  EXPECT_THAT(Message(Train("letters", "--pronunciations " + words_)),
              HasSubstr("--pronunciations: the run began without it"));
  EXPECT_TRUE(Train("phones", "--init " + letters + " --pronunciations " + words_).ok());
}

TEST_F(TrainCommandTest, WordErrorsAreThoseOfABeamOfPhones) {
  const std::string phones = LanguageModelOf("phones.rlm", words_);
  EXPECT_TRUE(
      Train("run", "--mwer 5 --language-model " + phones + " --pronunciations " + words_, 2).ok());
}

TEST_F(TrainCommandTest, SaysWhatDoesNotGoWithPronunciations) {
  EXPECT_EQ(Message(Train("run", "--letters 0.5")), "--letters needs --pronunciations");
  const std::string letters = LanguageModelOf("letters.rlm", "");
  EXPECT_THAT(
      Message(Train("run", "--mwer 5 --language-model " + letters + " --pronunciations " + words_)),
      HasSubstr("letters.rlm: knows no pronunciations"));
  const std::string phones = LanguageModelOf("phones.rlm", words_);
  EXPECT_THAT(Message(Train("run", "--mwer 5 --language-model " + phones)),
              HasSubstr("phones.rlm: knows words by their phones"));
  const std::string short_of_words = WriteFile(folder_, "short.dict", "hello HH AH L OW\n");
  EXPECT_THAT(Message(Train("run", "--pronunciations " + short_of_words)),
              HasSubstr("tones/manifest.tsv:2: 'there' in the text has no pronunciation"));
  const std::string odd = WriteFile(folder_, "odd.dict", "hello <blank>\nthere DH\n");
  EXPECT_THAT(Message(Train("run", "--pronunciations " + odd)), HasSubstr("is there twice"));
}

}  // namespace
}  // namespace rill::training
