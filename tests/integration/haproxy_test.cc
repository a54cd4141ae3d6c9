// docker/haproxy.cfg in front of two servers, of which one is killed in the middle.
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tests/integration/integration_fixture.h"
#include "tests/integration/process.h"
#include "tests/integration/server_process.h"
#include "tests/temporary_folder.h"

namespace rill {
namespace {

constexpr char kHaproxy[] = "/usr/sbin/haproxy";

int FreePort() {
  const int probe = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  EXPECT_EQ(bind(probe, reinterpret_cast<sockaddr*>(&address), size), 0);
  EXPECT_EQ(getsockname(probe, reinterpret_cast<sockaddr*>(&address), &size), 0);
  close(probe);
  return ntohs(address.sin_port);
}

class HaproxyTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(kHaproxy)) GTEST_SKIP() << "no HAProxy: scripts/setup.sh all";
    unsetenv("RILL_SERVER");
    ASSERT_TRUE(WriteTestModel(folder_ / "tiny.safetensors").ok());
    setenv("RILL_SECRETS", folder_.path().c_str(), 1);
    Process secrets({RILL_SOURCE_DIR "/docker/make_secrets.sh"});
    ASSERT_EQ(secrets.Wait(), 0) << secrets.error();
    std::ofstream(folder_ / "proxy.pem") << std::ifstream(folder_ / "server/server.pem").rdbuf()
                                         << std::ifstream(folder_ / "server/server.key").rdbuf();
    for (auto& server : servers_) server = StartServer();
    const std::string port = std::to_string(FreePort());
    setenv("RILL_LISTEN", ("127.0.0.1:" + port).c_str(), 1);
    setenv("RILL_CERT", (folder_ / "proxy.pem").c_str(), 1);
    setenv("RILL_CA", (folder_ / "client/ca.pem").c_str(), 1);
    setenv("RILL_1", servers_[0]->address().c_str(), 1);
    setenv("RILL_2", servers_[1]->address().c_str(), 1);
    proxy_ = std::make_unique<Process>(
        std::vector<std::string>{kHaproxy, "-db", "-f", RILL_SOURCE_DIR "/docker/haproxy.cfg"});
    address_ = "localhost:" + port;
    ASSERT_TRUE(Eventually([&] { return Process(Rill({"health"})).Wait() == 0; }))
        << proxy_->error();
  }

  std::unique_ptr<ServerProcess> StartServer() {
    return std::make_unique<ServerProcess>(
        folder_ / "tiny.safetensors",
        std::vector<std::string>{"--cert-file=" + (folder_ / "server/server.pem"),
                                 "--key-file=" + (folder_ / "server/server.key"),
                                 "--token-file=" + (folder_ / "server/tokens")});
  }

  std::vector<std::string> Rill(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {RILL_PROGRAM, "--server=" + address_,
                                         "--ca-file=" + (folder_ / "client/ca.pem"),
                                         "--token-file=" + (folder_ / "client/token")});
    return arguments;
  }

  // A live stream that has got its first words.
  std::unique_ptr<Process> LiveStream() {
    auto stream = std::make_unique<Process>(Rill({"stream", "--interim", "-", "--rate=16000"}));
    stream->Write(Head(TestClips().front(), 2000));
    EXPECT_TRUE(stream->WaitForOutput("...\n")) << stream->error();
    return stream;
  }

  TemporaryFolder folder_;
  std::unique_ptr<ServerProcess> servers_[2];
  std::unique_ptr<Process> proxy_;
  std::string address_;
};

TEST_F(HaproxyTest, WhenAServerIsKilledNewStreamsGoOn) {
  const auto first = LiveStream(), second = LiveStream();
  servers_[0]->process().Signal(SIGKILL);
  // The one with the fewest streams got the second: exactly one of the two is lost, at once.
  const bool first_lost = first->Wait() != 0, second_lost = second->Wait() != 0;
  EXPECT_NE(first_lost, second_lost) << first->error() << second->error();
  EXPECT_THAT(first->error() + second->error(),
              ::testing::HasSubstr("rill stream: lost " + address_));
  for (int i = 0; i < 5; ++i) {
    Process stream(Rill({"stream", "--fast", RILL_SOURCE_DIR "/tests/data/demo.flac"}));
    EXPECT_EQ(stream.Wait(), 0) << stream.error() << proxy_->error();
    EXPECT_FALSE(stream.output().empty());
  }
}

TEST_F(HaproxyTest, AServerThatDrainsGetsNoNewStreams) {
  const auto first = LiveStream(), second = LiveStream();
  servers_[0]->process().Signal(SIGTERM);
  ASSERT_TRUE(proxy_->WaitForError("Server rill/rill-1 is DOWN"));
  for (int i = 0; i < 3; ++i) {
    Process stream(Rill({"stream", "--fast", RILL_SOURCE_DIR "/tests/data/demo.flac"}));
    EXPECT_EQ(stream.Wait(), 0) << stream.error() << proxy_->error();
  }
  EXPECT_EQ(first->Wait(), 0) << first->error();  // what was open has ended in peace
  EXPECT_EQ(second->Wait(), 0) << second->error();
  EXPECT_EQ(servers_[0]->process().Wait(), 0);
}

}  // namespace
}  // namespace rill
