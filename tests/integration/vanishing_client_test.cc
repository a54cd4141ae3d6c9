// Clients that go away without a word give their places back.
#include <gmock/gmock.h>
#include <signal.h>

#include "tests/integration/integration_fixture.h"
#include "tests/integration/process.h"

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
  Process process({RILL_PROGRAM, "stream", "-", "--rate=16000", "--server=" + address()});
  process.Write(Head(clip_, 500));
  ASSERT_TRUE(Eventually([this] { return server().open_sessions() == 1; }));
  process.Signal(SIGKILL);
  EXPECT_EQ(process.Wait(), 128 + SIGKILL);
  EXPECT_TRUE(EverythingFreed());
}

}  // namespace
}  // namespace rill
