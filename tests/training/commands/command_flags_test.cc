#include "model/training/commands/command_flags.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "tests/temporary_folder.h"

namespace rill::training {
namespace {

class CommandFlagsTest : public testing::Test {
 protected:
  CommandFlagsTest() {
    AddDevelopmentFlags(app_, data_);
    AddTrainingDataFlags(app_, data_, numbers_);
    app_.add_option("--time", time_)->transform(DurationCheck());
    app_.add_flag("--plain", plain_);
    app_.add_option("--config", config_);
  }

  absl::Status Apply(const std::string& toml, const std::string& arguments = "") {
    std::ofstream(folder_ / "run.toml") << toml;
    app_.parse(arguments, /*program_name_included=*/false);
    return ApplyConfigFile(folder_ / "run.toml", app_);
  }

  TemporaryFolder folder_;
  CLI::App app_;
  DataOptions data_;
  CorpusNumbers numbers_;
  double time_ = 0;
  bool plain_ = false;
  std::string config_;
};

TEST_F(CommandFlagsTest, DurationsHaveUnits) {
  for (const auto& [text, seconds] : std::vector<std::pair<std::string, double>>{
           {"30s", 30}, {"10m", 600}, {"2h", 7200}, {"1.5d", 129600}}) {
    app_.parse("--time " + text, false);
    EXPECT_DOUBLE_EQ(time_, seconds) << text;
  }
  EXPECT_THROW(app_.parse("--time 10", false), CLI::Error);
}

TEST_F(CommandFlagsTest, ReadsKeysFromAFile) {
  const absl::Status status = Apply(
      "# a comment\n"
      "data = [\"a\", \"b\"]\n"
      "dev = \"c\"\n"
      "time = \"2h\"\n"
      "rows = 7\n"
      "row-frames = 300\n"
      "plain = true\n"
      "share = [\"fsdd=0.2\", \"game-*=0.5\"]\n");
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_THAT(data_.train, testing::ElementsAre("a", "b"));
  EXPECT_THAT(data_.dev, testing::ElementsAre("c"));
  EXPECT_DOUBLE_EQ(time_, 7200);
  EXPECT_EQ(data_.rows, 7);
  EXPECT_EQ(data_.row_frames, 300);
  EXPECT_TRUE(plain_);
  ASSERT_TRUE(ParseCorpusNumbers(numbers_, data_).ok());
  EXPECT_THAT(data_.shares,
              testing::ElementsAre(testing::Pair("fsdd", 0.2), testing::Pair("game-*", 0.5)));
}

TEST_F(CommandFlagsTest, TheCommandLineWins) {
  ASSERT_TRUE(Apply("rows = 7\nseed = 3\n", "--rows 9").ok());
  EXPECT_EQ(data_.rows, 9);
  EXPECT_EQ(data_.seed, 3u);
}

TEST_F(CommandFlagsTest, RefusesUnknownKeysAndBadValues) {
  for (const char* toml : {"rowz = 7\n", "[section]\nrows = 7\n", "rows = \"many\"\n",
                           "rows = -1\n", "time = \"10\"\n", "help = true\n"}) {
    CLI::App app;
    const absl::Status status = Apply(toml);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << toml;
    EXPECT_THAT(std::string(status.message()), testing::HasSubstr("run.toml")) << toml;
  }
  EXPECT_FALSE(ApplyConfigFile(folder_ / "missing.toml", app_).ok());
}

TEST_F(CommandFlagsTest, CorpusNumbersNeedANameAndANumber) {
  for (const char* entry : {"fsdd", "=1", "fsdd=", "fsdd=x", "fsdd=-1", "fsdd=nan", "fsdd=inf"}) {
    numbers_ = {{}, {entry}};
    const absl::Status status = ParseCorpusNumbers(numbers_, data_);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << entry;
    EXPECT_THAT(std::string(status.message()), testing::HasSubstr("--loss-weight")) << entry;
  }
}

}  // namespace
}  // namespace rill::training
