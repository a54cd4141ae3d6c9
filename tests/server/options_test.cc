#include "server/options.h"

#include <gmock/gmock.h>

#include <fstream>
#include <sstream>

#include "server/cores.h"
#include "server/default_model.h"
#include "server/memory_limit.h"
#include "server/server.h"
#include "tests/temporary_folder.h"

namespace rill::server {
namespace {

using testing::HasSubstr;

// Empty if the arguments are accepted, else what the user is told.
std::string Parse(std::vector<std::string> arguments, ServerOptions* options) {
  CLI::App app;
  RegisterOptions(&app, options);
  std::reverse(arguments.begin(), arguments.end());
  try {
    app.parse(arguments);
  } catch (const CLI::ParseError& error) {
    return error.what();
  }
  return "";
}

class OptionsTest : public testing::Test {
 protected:
  std::string WriteConfig(const std::string& text) {
    const std::string path = folder_ / "options.toml";
    std::ofstream(path) << text;
    return path;
  }
  ServerOptions options_;
  TemporaryFolder folder_;
};

TEST_F(OptionsTest, FlagsAndFileMeanTheSame) {
  ASSERT_EQ(Parse({"--listen", "0.0.0.0:1", "--max-batch=3", "--reflection=false",
                   "--log-format=json", "--idle-timeout=2.5"},
                  &options_),
            "");
  ServerOptions from_file;
  const std::string path = WriteConfig(
      "# of the operator\nlisten = \"0.0.0.0:1\"\nmax-batch = 3\nreflection = false\n"
      "log-format = \"json\"\nidle-timeout = 2.5\n");
  ASSERT_EQ(Parse({"--config", path}, &from_file), "");
  for (const ServerOptions* options : {&options_, &from_file}) {
    EXPECT_EQ(options->listen, std::vector<std::string>{"0.0.0.0:1"});
    EXPECT_EQ(options->max_batch, 3);
    EXPECT_FALSE(options->reflection);
    EXPECT_EQ(options->log_format, LogFormat::kJson);
    EXPECT_EQ(options->idle_timeout, 2.5);
  }
}

TEST_F(OptionsTest, TheCommandLineWinsOverTheFile) {
  ASSERT_EQ(Parse({"--config", WriteConfig("max-batch = 3\n"), "--max-batch=5"}, &options_), "");
  EXPECT_EQ(options_.max_batch, 5);
}

TEST_F(OptionsTest, UnknownKeysAreErrors) {
  EXPECT_THAT(Parse({"--nonsense", "1"}, &options_), HasSubstr("nonsense"));
  EXPECT_THAT(Parse({"--config", WriteConfig("nonsense = 1\n")}, &options_), HasSubstr("nonsense"));
  EXPECT_NE(Parse({"--config", "no-such-file.toml"}, &options_), "");
}

TEST_F(OptionsTest, ValuesOutOfRangeNameTheFlag) {
  for (const char* flag :
       {"--chunk-ms=100", "--max-batch=0", "--batch-deadline-ms=-1", "--max-message-bytes=1",
        "--workers=x", "--log-level=loud", "--log-format=xml", "--idle-timeout=-1",
        "--reflection=perhaps", "--model=no-such-file"}) {
    const std::string name = std::string(flag).substr(0, std::string(flag).find('='));
    EXPECT_THAT(Parse({flag}, &options_), HasSubstr(name)) << flag;
  }
}

TEST_F(OptionsTest, NoNumberIsNoTime) {
  for (const char* value : {"nan", "-NaN", "nan(1)"}) {
    EXPECT_THAT(Parse({std::string("--idle-timeout=") + value}, &options_),
                HasSubstr("--idle-timeout"));
    EXPECT_THAT(
        Parse({"--config", WriteConfig(std::string("drain-timeout = ") + value)}, &options_),
        HasSubstr("--drain-timeout"));
  }
}

TEST_F(OptionsTest, AnEmptyValueSwitchesNothingOff) {
  EXPECT_THAT(Parse({"--config", ""}, &options_), HasSubstr("--config"));
  for (const std::string key : {"cert-file", "key-file", "client-ca-file", "token-file",
                                "state-key-file", "language-model", "metrics-listen"}) {
    EXPECT_THAT(Parse({"--" + key, ""}, &options_), HasSubstr("--" + key));
    EXPECT_THAT(Parse({"--" + key + "="}, &options_), HasSubstr("--" + key));
    EXPECT_THAT(Parse({"--config", WriteConfig(key + " = \"\"\n")}, &options_),
                HasSubstr("--" + key));
  }
}

TEST_F(OptionsTest, TheDocumentedTableIsTheRealOne) {
  CLI::App app;
  const std::string table = OptionsTable(RegisterOptions(&app, &options_));
  std::ifstream file(RILL_SOURCE_DIR "/docs/configuration.md");
  std::stringstream text;
  text << file.rdbuf();
  EXPECT_THAT(text.str(), HasSubstr(table))
      << "run rill-server --print-options-table and put its output into docs/configuration.md";
}

TEST_F(OptionsTest, AContainersLimitCountsAsCores) {
  const std::string path = folder_ / "cpu.max";
  const int all = UsableCores(path);  // there is no such file
  EXPECT_GE(all, 1);
  const auto with = [&](const std::string& text) {
    std::ofstream(path) << text;
    return UsableCores(path);
  };
  EXPECT_EQ(with("100000 100000\n"), 1);
  EXPECT_EQ(with("150000 100000\n"), 1);
  EXPECT_EQ(with("20000 100000\n"), 1);
  EXPECT_EQ(with("200000 100000\n"), std::min(2, all));
  EXPECT_EQ(with("max 100000\n"), all);
  EXPECT_EQ(with("900000000 100000\n"), all);
  EXPECT_EQ(with("nonsense"), all);
}

TEST_F(OptionsTest, AContainersLimitCountsAsMemory) {
  const std::string path = folder_ / "memory.max";
  const int64_t all = UsableMemory(path);  // there is no such file
  EXPECT_GT(all, 1 << 20);
  const auto with = [&](const std::string& text) {
    std::ofstream(path) << text;
    return UsableMemory(path);
  };
  EXPECT_EQ(with("1048576\n"), 1 << 20);
  EXPECT_EQ(with("max\n"), all);
  EXPECT_EQ(with("9223372036854771712\n"), all);
  EXPECT_EQ(with("0\n"), all);
  EXPECT_EQ(with("nonsense"), all);
}

TEST_F(OptionsTest, ByDefaultTheStatesOfAllStreamsFitIntoMemory) {
  options_.workers = 1024;
  options_.models = {"a", "b"};
  ModelInfo model;
  model.parameters = 11'000'000;
  model.state_bytes_per_stream = UsableMemory() / 4 / 100;
  EXPECT_EQ(ToEngineOptions(options_, {}, model).max_streams, 100);
  model.state_bytes_per_stream = UsableMemory();
  EXPECT_EQ(ToEngineOptions(options_, {}, model).max_streams, 1);
  options_.max_streams = 7000;  // the operator knows better
  EXPECT_EQ(ToEngineOptions(options_, {}, model).max_streams, 7000);
  options_.max_streams = 0;
  options_.workers = 2;
  model.state_bytes_per_stream = 1;
  EXPECT_EQ(ToEngineOptions(options_, {}, model).max_streams, 180);
}

TEST_F(OptionsTest, TheDefaultModelIsFoundInTheFirstFolderThatHasOne) {
  namespace fs = std::filesystem;
  const fs::path root = folder_.path();
  const fs::path first = root / "first", second = root / "second";
  const std::vector<fs::path> folders = {first, second};
  EXPECT_EQ(FindDefaultModel(folders).status().code(), absl::StatusCode::kNotFound);
  fs::create_directories(first);
  fs::create_directories(second);
  std::ofstream(first / "notes.txt") << "x";
  std::ofstream(second / "b.safetensors") << "x";
  EXPECT_EQ(*FindDefaultModel(folders), second / "b.safetensors");
  std::ofstream(second / "a.safetensors") << "x";
  const auto ambiguous = FindDefaultModel(folders);
  EXPECT_THAT(std::string(ambiguous.status().message()), HasSubstr("--model"));
  std::ofstream(second / "default.safetensors") << "x";
  EXPECT_EQ(*FindDefaultModel(folders), second / "default.safetensors");
  std::ofstream(first / "c.safetensors") << "x";
  EXPECT_EQ(*FindDefaultModel(folders), first / "c.safetensors");
}

TEST_F(OptionsTest, TheLanguageModelIsTheOneBesideTheModel) {
  const std::string model = folder_ / "model.safetensors";
  EXPECT_EQ(*FindLanguageModel(model), "");
  std::ofstream(folder_ / "english.rlm") << "x";
  EXPECT_EQ(*FindLanguageModel(model), folder_ / "english.rlm");
  std::ofstream(folder_ / "law.rlm") << "x";
  EXPECT_THAT(std::string(FindLanguageModel(model).status().message()),
              HasSubstr("--language-model"));
}

}  // namespace
}  // namespace rill::server
