// rill-server and rill as programs: what an operator and a script see.
#include <gmock/gmock.h>
#include <signal.h>

#include <cstdlib>
#include <nlohmann/json.hpp>
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

TEST_F(ProgramsTest, WrongModelFileIsNamed) {
  Process server({RILL_SERVER_PROGRAM, "--model", Data("demo.flac"), "--listen=127.0.0.1:0"});
  EXPECT_NE(server.Wait(), 0);
  EXPECT_THAT(server.error(), HasSubstr("demo.flac"));
}

TEST_F(ProgramsTest, TakenPortIsNamed) {
  Process server(
      {RILL_SERVER_PROGRAM, "--model", folder_ / "tiny.safetensors", "--listen=" + address_});
  EXPECT_NE(server.Wait(), 0);
  EXPECT_THAT(server.error(), HasSubstr(address_));
}

}  // namespace
}  // namespace rill
