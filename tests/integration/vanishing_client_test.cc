// Clients that go away without a word give their places back.
#include <gmock/gmock.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/integration/integration_fixture.h"

extern char** environ;

namespace rill {
namespace {

class VanishingClientTest : public IntegrationTest {
 protected:
  static constexpr int kPlaces = 2;

  void SetUp() override {
    server::ServerOptions options = DefaultOptions();
    options.workers = 1;
    options.max_streams = kPlaces;
    Start(options);
  }

  std::unique_ptr<client::StreamingSession> Open() {
    v1::StreamingConfig config;
    *config.mutable_recognition() = ConfigFor(clip_);
    auto session = client().StartStreaming(config);
    session->Write(Head(clip_, 500));
    return session;
  }

  static bool IsServed(client::StreamingSession& session) {
    v1::StreamingRecognizeResponse response;
    return session.Next(&response) && response.has_started();
  }

  const Clip clip_ = TestClips().front();
};

TEST_F(VanishingClientTest, FullIsAnAnswer) {
  auto first = Open(), second = Open();
  ASSERT_TRUE(IsServed(*first) && IsServed(*second));
  auto third = Open();
  EXPECT_FALSE(IsServed(*third));
  EXPECT_EQ(third->status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(Recognize(Head(clip_, 500), ConfigFor(clip_)).status.code(),
            absl::StatusCode::kResourceExhausted);
}

TEST_F(VanishingClientTest, CancelledStreamsGiveTheirPlacesBack) {
  for (int round = 0; round < 20; ++round) {
    std::unique_ptr<client::StreamingSession> sessions[kPlaces];
    for (auto& session : sessions) {
      session = Open();
      ASSERT_TRUE(IsServed(*session)) << session->status();
    }
    for (auto& session : sessions) session.reset();
    ASSERT_TRUE(EverythingFreed()) << "round " << round;
  }
  const Outcome outcome = Stream(Head(clip_, 1000), ConfigFor(clip_), Pieces(3200));
  EXPECT_TRUE(outcome.status.ok()) << outcome.status;
}

TEST_F(VanishingClientTest, DeadlineGivesThePlaceBack) {
  v1::StreamingConfig config;
  *config.mutable_recognition() = ConfigFor(clip_);
  client::CallOptions options;
  options.timeout = std::chrono::milliseconds(100);
  auto session = client().StartStreaming(config, options);
  EXPECT_EQ(session->ReadAll([](const auto&) {}).code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_TRUE(EverythingFreed());
}

TEST_F(VanishingClientTest, KilledProcessGivesItsPlaceBack) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[0], STDIN_FILENO);
  posix_spawn_file_actions_addclose(&actions, ends[1]);
  std::string server = "--server=" + address();
  std::string arguments[] = {RILL_PROGRAM, "stream", "-", "--rate=16000", server};
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  pid_t pid = 0;
  ASSERT_EQ(posix_spawn(&pid, RILL_PROGRAM, &actions, nullptr, argv.data(), environ), 0);
  posix_spawn_file_actions_destroy(&actions);
  const std::string audio = Head(clip_, 500);
  EXPECT_EQ(write(ends[1], audio.data(), audio.size()), static_cast<ssize_t>(audio.size()));
  EXPECT_TRUE(Eventually([this] { return this->server().open_sessions() == 1; }));

  kill(pid, SIGKILL);
  waitpid(pid, nullptr, 0);
  close(ends[0]);
  close(ends[1]);
  EXPECT_TRUE(EverythingFreed());
}

}  // namespace
}  // namespace rill
