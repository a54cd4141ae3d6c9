#include "client/rill_client.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <thread>

#include "tests/client/fake_server.h"

namespace rill::client {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

v1::RecognitionConfig Config() {
  v1::RecognitionConfig config;
  config.mutable_audio()->set_encoding(v1::LINEAR16);
  config.mutable_audio()->set_sample_rate_hertz(16000);
  return config;
}

v1::StreamingConfig StreamingConfig(bool interim = false) {
  v1::StreamingConfig config;
  *config.mutable_recognition() = Config();
  config.set_interim_results(interim);
  return config;
}

std::string Audio(int ms) { return std::string(ms * 32, '\0'); }

// A port that takes connections and never says a word.
class SilentPort {
 public:
  SilentPort() : socket_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    EXPECT_EQ(bind(socket_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(listen(socket_, 8), 0);
    EXPECT_EQ(getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    address_ = "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
  }
  ~SilentPort() { close(socket_); }
  const std::string& address() const { return address_; }

 private:
  int socket_;
  std::string address_;
};

class RillClientTest : public ::testing::Test {
 protected:
  RillClientTest() : client_(*RillClient::Create(server_.address())) {}

  FakeServer server_;
  std::unique_ptr<RillClient> client_;
};

TEST(ServerAddressTest, NeedsHostAndPort) {
  for (const char* good : {"127.0.0.1:50051", "localhost:1", "[::1]:65535", "unix:/run/rill"}) {
    EXPECT_TRUE(ValidateServerAddress(good).ok()) << good;
  }
  for (const char* bad : {"", "localhost", ":50051", "localhost:", "localhost:x", "localhost:0",
                          "localhost:65536", "unix:", "http://localhost"}) {
    EXPECT_EQ(ValidateServerAddress(bad).code(), absl::StatusCode::kInvalidArgument) << bad;
    EXPECT_FALSE(RillClient::Create(bad).ok()) << bad;
  }
}

TEST(ToAbslTest, ACallWithoutAStatusWasCutOff) {
  for (const char* made_up : {"No status received", "Stream removed"}) {
    EXPECT_EQ(ToAbsl({grpc::StatusCode::UNKNOWN, made_up}).code(), absl::StatusCode::kUnavailable)
        << made_up;
  }
  EXPECT_EQ(ToAbsl({grpc::StatusCode::UNKNOWN, "anything else"}).code(),
            absl::StatusCode::kUnknown);
}

TEST_F(RillClientTest, StreamsAndReadsToTheEnd) {
  auto session = client_->StartStreaming(StreamingConfig(/*interim=*/true));
  ASSERT_TRUE(session->Write(Audio(150)));
  ASSERT_TRUE(session->Write(Audio(100)));
  ASSERT_TRUE(session->Finish());
  std::vector<std::string> texts;
  EXPECT_TRUE(session
                  ->ReadAll([&](const v1::StreamingRecognizeResponse& response) {
                    if (response.has_result()) texts.push_back(response.result().text());
                  })
                  .ok());
  EXPECT_THAT(texts, ElementsAre("w0", "w0 w1", "w0 w1"));
  v1::StreamingRecognizeResponse response;
  EXPECT_FALSE(session->Next(&response)) << "the end is the end";
  EXPECT_TRUE(session->status().ok());
}

TEST_F(RillClientTest, ReadsWhileAnotherThreadWrites) {
  auto session = client_->StartStreaming(StreamingConfig(/*interim=*/true));
  std::thread writer([&] {
    for (int i = 0; i < 2000; ++i) ASSERT_TRUE(session->Write(Audio(10)));
    session->Finish();
  });
  int responses = 0;
  EXPECT_TRUE(session->ReadAll([&](const auto&) { ++responses; }).ok());
  writer.join();
  EXPECT_EQ(responses, 2002);  // started, 2000 interim, final
  ASSERT_EQ(server_.audio().size(), 1u);
  EXPECT_EQ(server_.audio()[0].size(), Audio(20000).size());
}

TEST_F(RillClientTest, FlushIsAnsweredWithItsId) {
  auto session = client_->StartStreaming(StreamingConfig());
  session->Write(Audio(100));
  session->Flush(77);
  v1::StreamingRecognizeResponse response;
  ASSERT_TRUE(session->Next(&response));
  ASSERT_TRUE(session->Next(&response));
  EXPECT_EQ(response.result().text(), "w0");
  EXPECT_TRUE(response.result().is_final());
  ASSERT_TRUE(session->Next(&response));
  EXPECT_EQ(response.flushed(), 77u);
  session->Write(Audio(100));
  session->Finish();
  ASSERT_TRUE(session->Next(&response));
  EXPECT_EQ(response.result().text(), "w1") << "the stream goes on after a flush";
}

// Messages larger than the flow-control window: a flush meets a write that is not over.
TEST_F(RillClientTest, OneThreadMaySteerWhatAnotherOneSends) {
  constexpr int kRounds = 100;
  constexpr int kMs = 10000;
  auto session = client_->StartStreaming(StreamingConfig());
  std::thread steering([&] {
    for (int i = 0; i < kRounds; ++i) EXPECT_TRUE(session->Flush(i));
  });
  std::thread writer([&] {
    for (int i = 0; i < kRounds; ++i) EXPECT_TRUE(session->Write(Audio(kMs)));
    steering.join();
    session->Finish();
  });
  int flushed = 0;
  EXPECT_TRUE(session
                  ->ReadAll([&](const v1::StreamingRecognizeResponse& response) {
                    using Response = v1::StreamingRecognizeResponse;
                    flushed += response.response_case() == Response::kFlushed;
                  })
                  .ok());
  writer.join();
  EXPECT_EQ(flushed, kRounds);
  ASSERT_EQ(server_.audio().size(), 1u);
  EXPECT_EQ(server_.audio()[0].size(), Audio(kRounds * kMs).size());
}

TEST_F(RillClientTest, NothingGoesOutAfterTheEnd) {
  auto session = client_->StartStreaming(StreamingConfig());
  EXPECT_TRUE(session->Finish());
  EXPECT_FALSE(session->Flush(1));
  EXPECT_FALSE(session->Write(Audio(10)));
  EXPECT_FALSE(session->Finish());
  EXPECT_TRUE(session->ReadAll([](const auto&) {}).ok());
}

TEST_F(RillClientTest, FeaturesGoOutAsFeatures) {
  auto session = client_->StartStreaming(StreamingConfig());
  session->WriteFeatures("features");
  session->Finish();
  EXPECT_TRUE(session->ReadAll([](const auto&) {}).ok());
  EXPECT_THAT(server_.audio(), ElementsAre("features"));
}

TEST_F(RillClientTest, CancelEndsAReadThatWaits) {
  auto session = client_->StartStreaming(StreamingConfig());
  v1::StreamingRecognizeResponse response;
  ASSERT_TRUE(session->Next(&response));
  std::thread canceller([&] { session->Cancel(); });
  EXPECT_FALSE(session->Next(&response));
  canceller.join();
  EXPECT_EQ(session->status().code(), absl::StatusCode::kCancelled);
  EXPECT_FALSE(session->Write(Audio(10)));
}

TEST_F(RillClientTest, StopTokenCancels) {
  std::stop_source stop;
  CallOptions options;
  options.stop = stop.get_token();
  auto session = client_->StartStreaming(StreamingConfig(), options);
  stop.request_stop();
  EXPECT_EQ(session->ReadAll([](const auto&) {}).code(), absl::StatusCode::kCancelled);
}

TEST(ResumableStreamTest, CancelNeedNotWaitForAServerThatDoesNotAnswer) {
  const SilentPort silent;
  Connection connection;
  connection.server = DeadAddress();
  connection.other_servers = {silent.address()};
  auto client = RillClient::Create(connection);
  ASSERT_TRUE(client.ok()) << client.status();
  CallOptions options;  // the test ends anyway
  options.timeout = std::chrono::seconds(15);
  auto stream = (*client)->StartResumable(StreamingConfig(), {}, options);
  std::thread canceller([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    stream->Cancel();
  });
  v1::StreamingRecognizeResponse response;
  EXPECT_FALSE(stream->Next(&response));
  canceller.join();
  EXPECT_EQ(stream->status().code(), absl::StatusCode::kCancelled) << stream->status();
}

TEST_F(RillClientTest, DeadlineEndsTheCall) {
  CallOptions options;
  options.timeout = std::chrono::milliseconds(50);
  auto session = client_->StartStreaming(StreamingConfig(), options);
  EXPECT_EQ(session->ReadAll([](const auto&) {}).code(), absl::StatusCode::kDeadlineExceeded);
}

TEST_F(RillClientTest, DestroyingAnOpenSessionCancelsIt) {
  {
    auto session = client_->StartStreaming(StreamingConfig());
    session->Write(Audio(100));
  }
  auto session = client_->StartStreaming(StreamingConfig());
  session->Finish();
  EXPECT_TRUE(session->ReadAll([](const auto&) {}).ok()) << "and leaves the client usable";
}

TEST_F(RillClientTest, EveryCodeAndMessageComesThrough) {
  v1::StreamingConfig streaming = StreamingConfig();
  streaming.mutable_recognition()->set_model("broken");
  v1::RecognizeRequest request;
  *request.mutable_config() = streaming.recognition();
  for (int code = 1; code <= 16; ++code) {
    server_.set_error(grpc::Status(static_cast<grpc::StatusCode>(code), "field x is wrong"));
    auto session = client_->StartStreaming(streaming);
    const absl::Status status = session->ReadAll([](const auto&) {});
    EXPECT_EQ(static_cast<int>(status.code()), code);
    EXPECT_EQ(status.message(), "field x is wrong");
    EXPECT_EQ(client_->Recognize(request).status(), status);
    EXPECT_EQ(client_->Transcribe(streaming.recognition(), [] { return Audio(10); }).status(),
              status);
  }
}

TEST_F(RillClientTest, FullServerSaysWhenToTryAgain) {
  server_.set_full_for(1);
  const absl::Status status = client_->Transcribe(Config(), [] { return std::string(); }).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(RetryDelay(status), std::chrono::milliseconds(5));
  EXPECT_EQ(RetryDelay(absl::ResourceExhaustedError("message too large")), std::nullopt);
}

TEST_F(RillClientTest, RecognizesInOneMessage) {
  v1::RecognizeRequest request;
  *request.mutable_config() = Config();
  request.set_audio(Audio(200));
  auto response = client_->Recognize(request);
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->results(0).text(), "w0 w1");
  EXPECT_EQ(response->audio_ms(), 200);
}

TEST_F(RillClientTest, TranscribesWithProgress) {
  int pieces = 0;
  std::vector<int64_t> progress;
  auto transcript = client_->Transcribe(
      Config(), [&] { return ++pieces <= 3 ? Audio(100) : std::string(); },
      [&](const v1::Progress& p) { progress.push_back(p.processed_ms()); });
  ASSERT_TRUE(transcript.ok()) << transcript.status();
  ASSERT_EQ(transcript->results.size(), 1u);
  EXPECT_EQ(transcript->results[0].text(), "w0 w1 w2");
  EXPECT_EQ(transcript->audio_ms, 300);
  EXPECT_THAT(progress, ElementsAre(100, 200, 300));
}

TEST_F(RillClientTest, TranscribeEndsWithTheReadersError) {
  int pieces = 0;
  auto transcript = client_->Transcribe(Config(), [&]() -> absl::StatusOr<std::string> {
    if (++pieces == 2) return absl::DataLossError("talk.flac: broken frame");
    return Audio(100);
  });
  EXPECT_EQ(transcript.status(), absl::DataLossError("talk.flac: broken frame"));
}

TEST_F(RillClientTest, ListsModels) {
  auto models = client_->ListModels();
  ASSERT_TRUE(models.ok()) << models.status();
  ASSERT_EQ(models->size(), 1u);
  EXPECT_EQ(models->front().name(), "tiny");
}

TEST_F(RillClientTest, AsksForHealth) {
  auto health = client_->Health();
  ASSERT_TRUE(health.ok()) << health.status();
  EXPECT_EQ(*health, grpc::health::v1::HealthCheckResponse::SERVING);
  EXPECT_EQ(client_->Health("no.such.Service").status().code(), absl::StatusCode::kNotFound);
}

TEST(RillClientAloneTest, NoServerIsUnavailable) {
  auto client = *RillClient::Create(DeadAddress());
  EXPECT_EQ(client->ListModels().status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(client->Health().status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(client->Transcribe(Config(), [] { return Audio(10); }).status().code(),
            absl::StatusCode::kUnavailable);
  auto session = client->StartStreaming(StreamingConfig());
  EXPECT_EQ(session->ReadAll([](const auto&) {}).code(), absl::StatusCode::kUnavailable);
}

}  // namespace
}  // namespace rill::client
