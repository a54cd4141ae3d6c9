// rill-server and rill as programs: what an operator and a script see.
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>

#include "tests/integration/integration_fixture.h"
#include "tests/integration/process.h"
#include "tests/integration/server_process.h"
#include "tests/temporary_folder.h"

namespace rill {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;

class ProgramsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    unsetenv("RILL_SERVER");
    const std::string model = folder_ / "tiny.safetensors";
    ASSERT_TRUE(WriteTestModel(model).ok());
    server_ = std::make_unique<ServerProcess>(model);
    address_ = server_->address();
  }

  std::vector<std::string> Rill(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), RILL_PROGRAM);
    arguments.push_back("--server=" + address_);
    return arguments;
  }

  static std::string Data(const std::string& name) { return RILL_SOURCE_DIR "/tests/data/" + name; }

  TemporaryFolder folder_;
  std::unique_ptr<ServerProcess> server_;
  std::string address_;
};

TEST_F(ProgramsTest, FromHealthToTranscriptToAnOrderlyEnd) {
  Process health(Rill({"health"}));
  EXPECT_EQ(health.Wait(), 0) << health.error();
  EXPECT_EQ(health.output(), "SERVING\n");

  Process transcribe(Rill({"transcribe", "-f", "json", Data("demo.flac"), Data("cards.opus")}));
  EXPECT_EQ(transcribe.Wait(), 0) << transcribe.error();
  const std::string lines = transcribe.output();
  const auto json = nlohmann::json::parse(lines.substr(0, lines.find('\n')));
  EXPECT_NEAR(json["seconds"].get<double>(), 10.09, 0.1);
  EXPECT_FALSE(json["words"].empty());

  Process stream(Rill({"stream", "--fast", "--json", Data("demo.flac")}));
  EXPECT_EQ(stream.Wait(), 0) << stream.error();
  std::string streamed;
  std::istringstream results(stream.output());
  for (std::string line; std::getline(results, line);) {
    const auto result = nlohmann::json::parse(line);
    if (result["text"] != "")
      streamed += (streamed.empty() ? "" : " ") + result["text"].get<std::string>();
  }
  EXPECT_EQ(streamed, json["text"]);

  server_->process().Signal(SIGTERM);
  EXPECT_EQ(server_->process().Wait(), 0);
}

TEST_F(ProgramsTest, InterruptWaitsForTheLastWords) {
  Process stream(Rill({"stream", "--interim", "-", "--rate=16000"}));
  stream.Write(Head(TestClips().front(), 2000));
  ASSERT_TRUE(stream.WaitForOutput("...\n")) << stream.error();
  stream.Signal(SIGINT);  // standard input is still open
  EXPECT_FALSE(stream.WaitForOutput("no such word")) << "it ends by itself";
  EXPECT_EQ(stream.Wait(), 0) << stream.error();
  EXPECT_THAT(stream.output(), Not(EndsWith("...\n"))) << "the last result is final";
}

TEST_F(ProgramsTest, ALiveStreamIsSteeredByLines) {
  Process stream(Rill({"stream", "--control", "--interim", "--json", Data("demo.flac")}));
  ASSERT_TRUE(stream.WaitForOutput(R"("final":false)")) << stream.error();
  EXPECT_THAT(stream.output(), Not(HasSubstr(R"("final":true)")));
  stream.Write("flush\n");
  ASSERT_TRUE(stream.WaitForOutput(R"({"flushed":1})")) << stream.error();
  EXPECT_THAT(stream.output(), HasSubstr(R"("final":true)"));
  stream.Write("what?\nhot-words vronsky, anna karenina=8\nflush\n");
  EXPECT_TRUE(stream.WaitForError("--control: what?: is neither"));
  EXPECT_TRUE(stream.WaitForOutput(R"({"flushed":2})")) << stream.error();
  stream.Signal(SIGINT);  // standard input is still open
  EXPECT_FALSE(stream.WaitForOutput("no such word")) << "it ends by itself";
  EXPECT_EQ(stream.Wait(), 0) << stream.error();
}

TEST_F(ProgramsTest, ServerKilledInMidStreamIsSaid) {
  Process stream(Rill({"stream", "--interim", "-", "--rate=16000"}));
  stream.Write(Head(TestClips().front(), 2000));
  ASSERT_TRUE(stream.WaitForOutput("...\n")) << stream.error();
  server_->process().Signal(SIGKILL);
  EXPECT_TRUE(stream.WaitForError("rill stream: lost " + address_)) << stream.error();
  EXPECT_EQ(stream.Wait(), 3);
}

TEST_F(ProgramsTest, ShutdownEndsAnOpenStreamWithItsWords) {
  Process stream(Rill({"stream", "--interim", "-", "--rate=16000"}));
  stream.Write(Head(TestClips().front(), 2000));
  ASSERT_TRUE(stream.WaitForOutput("...\n")) << stream.error();
  server_->process().Signal(SIGTERM);
  stream.CloseInput();
  EXPECT_EQ(stream.Wait(), 0) << "it may end in peace: " << stream.error();
  EXPECT_THAT(stream.output(), Not(EndsWith("...\n")));
  EXPECT_EQ(server_->process().Wait(), 0);
}

TEST_F(ProgramsTest, AFullDiskIsSaid) {
  // /dev/full takes nothing; the shell stands for what would redirect there.
  for (const std::string command : {"transcribe", "stream --fast"}) {
    Process rill({"/bin/sh", "-c",
                  std::string(RILL_PROGRAM) + " " + command + " " + Data("demo.flac") +
                      " --server=" + address_ + " > /dev/full"});
    EXPECT_EQ(rill.Wait(), 1) << command;
    EXPECT_THAT(rill.error(), HasSubstr("rill: cannot write to standard output")) << command;
  }
  // A line that is lost must not leave somebody with its token.
  Process token({"/bin/sh", "-c", RILL_SERVER_PROGRAM " token alice > /dev/full"});
  EXPECT_EQ(token.Wait(), 1);
  EXPECT_EQ(token.error(),
            "rill-server token: cannot write to standard output: is the disk full?\n");
  // No file may have a byte: what a full disk does to --output.
  Process rill({"/bin/sh", "-c",
                "trap '' XFSZ; ulimit -f 0; exec " RILL_PROGRAM " transcribe -f json --output " +
                    folder_.path() + " " + Data("demo.flac") + " --server=" + address_});
  EXPECT_EQ(rill.Wait(), 1);
  EXPECT_THAT(rill.error(), HasSubstr("cannot write " + (folder_ / "demo.json")));
}

TEST_F(ProgramsTest, AServerWhoseLogCannotBeWrittenServes) {
  Process server({"/bin/sh", "-c",
                  "exec " RILL_SERVER_PROGRAM " --model " + (folder_ / "tiny.safetensors") +
                      " --listen=unix:" + (folder_ / "socket") + " 2> /dev/full"});
  address_ = "unix:" + (folder_ / "socket");
  ASSERT_TRUE(Eventually([this] { return Process(Rill({"health"})).Wait() == 0; }));
  Process transcribe(Rill({"transcribe", Data("demo.flac")}));
  EXPECT_EQ(transcribe.Wait(), 0) << transcribe.error();
  server.Signal(SIGTERM);
  EXPECT_EQ(server.Wait(), 0);
}

TEST_F(ProgramsTest, WhatKeepsAServerFromStartingIsSaidInALine) {
  const std::string model = "--model=" + (folder_ / "tiny.safetensors");
  const auto file = [&](const std::string& name, const std::string& text) {
    std::ofstream(folder_ / name) << text;
    return folder_ / name;
  };
  const std::string unreadable = file("unreadable", "x");
  const std::string empty = file("empty", "");
  chmod(unreadable.c_str(), 0);
  constexpr int kUsage = 2, kFailed = 1;
  struct Case {
    std::vector<std::string> arguments;
    int code;
    std::string named;  // in the one line that is said
  };
  std::vector<Case> cases = {
      {{"--model=" + (folder_ / "nothing")}, kUsage, "nothing"},
      {{"--model=" + folder_.path()}, kUsage, "directory"},
      {{"--model=" + Data("demo.flac")}, kFailed, "demo.flac"},
      {{"--model=" + empty}, kFailed, empty},
      {{model, "--language-model=" + (folder_ / "nothing")}, kFailed, "cannot open"},
      {{model, "--language-model=" + folder_.path()}, kFailed, "not a regular file"},
      {{model, "--language-model=" + Data("demo.flac")}, kFailed, "rill-lm build"},
      {{model, "--decoding=beam", "--language-model=" + empty}, kFailed, empty},
      {{"--config=" + (folder_ / "nothing")}, kUsage, "nothing"},
      {{"--config=" + folder_.path()}, kUsage, folder_.path()},
      {{"--config=" + file("bad.toml", "max-batch = many\n")}, kUsage, "--max-batch"},
      {{"--config=" + file("key.toml", "nonsense = 1\n")}, kUsage, "nonsense"},
      {{"--config=" + file("steers.toml", "\x1b[2J = 1\n")}, kUsage, "key '\\x1b"},
      {{"--listen=127.0.0.1:65537"}, kFailed, "65537"},
      {{model, "--token-file="}, kUsage, "--token-file"},
      {{model, "--token-file=" + (folder_ / "nothing")}, kFailed, "--token-file"},
      {{model, "--token-file=" + folder_.path()}, kFailed, "--token-file"},
      {{model, "--token-file=" + Data("demo.flac")}, kFailed, "line 1"},
      {{model, "--state-key-file=" + folder_.path()}, kFailed, "--state-key-file"},
      {{model, "--cert-file=" + folder_.path(), "--key-file=" + empty}, kFailed, "--cert-file"},
      {{model, "--device=gpu"}, kUsage, "--device"},
      {{model, "--device=cuda:x"}, kUsage, "--device"},
      {{model, "--metrics-listen=nonsense"}, kFailed, "--metrics-listen"},
  };
  if (access("/dev/nvidiactl", F_OK) != 0) {
    cases.push_back({{model, "--device=cuda"}, kFailed, "--device cuda: th"});  // is no ...
    cases.push_back({{model, "--device=cuda:1"}, kFailed, "--device cuda:1: th"});
  }
  if (geteuid() != 0) {  // root may read anything
    cases.push_back({{"--model=" + unreadable}, kFailed, "unreadable"});
    cases.push_back({{model, "--language-model=" + unreadable}, kFailed, "unreadable"});
    cases.push_back({{model, "--token-file=" + unreadable}, kFailed, "unreadable"});
  }
  for (const Case& c : cases) {
    std::vector<std::string> command = {RILL_SERVER_PROGRAM, "--listen=127.0.0.1:0"};
    command.insert(command.end(), c.arguments.begin(), c.arguments.end());
    Process server(command);
    EXPECT_EQ(server.Wait(), c.code) << server.error();
    int lines = 0;
    std::istringstream error(server.error());
    for (std::string line; std::getline(error, line);) {
      if (line.find(" info ") != std::string::npos) continue;
      if (line == "Run with --help for more information.") continue;
      ++lines;
      EXPECT_THAT(line, HasSubstr(c.named));
    }
    EXPECT_EQ(lines, 1) << server.error();
  }
}

TEST_F(ProgramsTest, TakenPortIsNamed) {
  Process server(
      {RILL_SERVER_PROGRAM, "--model", folder_ / "tiny.safetensors", "--listen=" + address_});
  EXPECT_NE(server.Wait(), 0);
  EXPECT_THAT(server.error(), HasSubstr(address_));
}

}  // namespace
}  // namespace rill
