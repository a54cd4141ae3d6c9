// The metrics page, read over HTTP as Prometheus does, before, during and after real streams; and
// readiness.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <sys/socket.h>
#include <unistd.h>

#include <map>
#include <sstream>
#include <thread>

#include "grpc/health/v1/health.grpc.pb.h"
#include "server/engine/warm_up.h"
#include "server/metrics/histogram.h"
#include "tests/server/server_fixture.h"
#include "tests/server/test_certificates.h"
#include "tests/temporary_folder.h"

namespace rill::server {
namespace {

using grpc::health::v1::HealthCheckResponse;
using testing::AllOf;
using testing::Contains;
using testing::Ge;
using testing::HasSubstr;
using testing::Key;
using testing::Le;
using testing::Not;
using testing::Pair;

using Page = std::map<std::string, double>;  // "name{labels}" to value

class MetricsTest : public ServerFixture {
 protected:
  static ServerOptions Options() {
    ServerOptions options = FewThreads();
    options.metrics_listen = "127.0.0.1:0";
    options.max_streams = 8;
    return options;
  }

  std::string Get(const std::string& path) {
    const int connection = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<uint16_t>(server().metrics_port()));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(connect(connection, reinterpret_cast<sockaddr*>(&to), sizeof(to)), 0);
    const std::string request = "GET " + path + " HTTP/1.0\r\n\r\n";
    send(connection, request.data(), request.size(), MSG_NOSIGNAL);
    std::string answer;
    char buffer[4096];
    for (ssize_t n; (n = recv(connection, buffer, sizeof(buffer), 0)) > 0;)
      answer.append(buffer, n);
    close(connection);
    return answer;
  }

  Page Read() {
    const std::string answer = Get("/metrics");
    EXPECT_THAT(answer, HasSubstr("200 OK"));
    std::istringstream body(answer.substr(answer.find("\r\n\r\n") + 4));
    Page page;
    for (std::string line; std::getline(body, line);) {
      if (line.empty() || line[0] == '#') continue;
      const size_t space = line.rfind(' ');
      EXPECT_TRUE(page.emplace(line.substr(0, space), std::stod(line.substr(space + 1))).second)
          << line;
    }
    return page;
  }

  HealthCheckResponse::ServingStatus Health(const std::string& address,
                                            const std::string& service) {
    const auto channel = grpc::CreateChannel(address, grpc::InsecureChannelCredentials());
    grpc::ClientContext context;
    grpc::health::v1::HealthCheckRequest request;
    request.set_service(service);
    HealthCheckResponse response;
    const grpc::Status status =
        grpc::health::v1::Health::NewStub(channel)->Check(&context, request, &response);
    return status.ok() ? response.status() : HealthCheckResponse::SERVICE_UNKNOWN;
  }

  std::vector<ServedModel> FakeModel(const ServerOptions& options,
                                     const std::shared_ptr<FakeControl>& control) {
    std::vector<ServedModel> models(1);
    models[0].info.name = "fake";
    models[0].engine =
        *Engine::Create(std::make_unique<FakeRecognizer>(control), ToEngineOptions(options));
    return models;
  }
};

TEST_F(MetricsTest, CountsWhatHappens) {
  Start(Options());
  Page page = Read();
  EXPECT_EQ(page.at("rill_ready"), 1);
  EXPECT_EQ(page.at("rill_slots{model=\"fake\"}"), 8);
  EXPECT_EQ(page.at("rill_streams_open{model=\"fake\"}"), 0);
  EXPECT_EQ(page.at("rill_state_bytes{model=\"fake\"}"), 0);
  EXPECT_EQ(page.at("rill_step_seconds_count{model=\"fake\"}"), 0);
  EXPECT_THAT(page, Contains(Key(HasSubstr("rill_build_info{version="))));
  EXPECT_THAT(page,
              Contains(Pair("rill_model_info{model=\"fake\",hash=\"abc\",language=\"en\"}", 1)));
  EXPECT_GT(page.at("process_resident_memory_bytes"), 1e6);
  EXPECT_GT(page.at("process_open_fds"), 3);

  // In the middle of a stream: three chunks of 320 ms have been recognised.
  grpc::ClientContext context;
  const auto call = stub().StreamingRecognize(&context);
  call->Write(ConfigRequest());
  call->Write(AudioRequest(NoiseAudio(960)));
  ASSERT_TRUE(
      Eventually([&] { return Read().at("rill_audio_seconds_total{model=\"fake\"}") == .96; }));
  page = Read();
  EXPECT_EQ(page.at("rill_streams_open{model=\"fake\"}"), 1);
  EXPECT_EQ(page.at("rill_state_bytes{model=\"fake\"}"), 1000);
  EXPECT_THAT(page, Not(Contains(Key(HasSubstr("rill_streams_total")))));
  const double steps = page.at("rill_step_seconds_count{model=\"fake\"}");
  EXPECT_THAT(steps, AllOf(Ge(1), Le(3)));
  EXPECT_EQ(page.at("rill_step_streams_sum{model=\"fake\"}"), steps);
  EXPECT_EQ(page.at("rill_step_streams_bucket{model=\"fake\",le=\"1\"}"), steps);
  // A step that finds its audio taken by the one before has no wait to count.
  const double waits = page.at("rill_queue_seconds_count{model=\"fake\"}");
  EXPECT_THAT(waits, AllOf(Ge(1), Le(steps)));
  EXPECT_EQ(page.at("rill_result_seconds_count{model=\"fake\"}"), waits);
  EXPECT_GE(page.at("rill_result_seconds_sum{model=\"fake\"}"),
            page.at("rill_queue_seconds_sum{model=\"fake\"}"));

  call->WritesDone();
  Outcome outcome;
  ReadAll(call.get(), &outcome);
  EXPECT_TRUE(outcome.status.ok());
  EXPECT_TRUE(EverythingFreed());
  EXPECT_TRUE(Transcribe(NoiseAudio(640)).status.ok());
  EXPECT_FALSE(Recognize(std::string(1, static_cast<char>(kFakeBadByte))).status.ok());
  v1::StreamingConfig unknown_model = ConfigRequest().config();
  unknown_model.mutable_recognition()->set_model("none");
  Stream(NoiseAudio(100), 3200, &unknown_model);
  Send({AudioRequest(NoiseAudio(10))});
  EXPECT_TRUE(EverythingFreed());

  page = Read();
  EXPECT_EQ(page.at("rill_streams_open{model=\"fake\"}"), 0);
  const std::string ended = "rill_streams_total{model=\"fake\",method=\"";
  EXPECT_EQ(page.at(ended + "StreamingRecognize\",code=\"OK\"}"), 1);
  EXPECT_EQ(page.at(ended + "Transcribe\",code=\"OK\"}"), 1);
  EXPECT_EQ(page.at(ended + "Recognize\",code=\"INVALID_ARGUMENT\"}"), 1);
  EXPECT_EQ(page.at("rill_calls_refused_total{method=\"StreamingRecognize\",code=\"NOT_FOUND\"}"),
            1);
  EXPECT_EQ(
      page.at("rill_calls_refused_total{method=\"StreamingRecognize\",code=\"INVALID_ARGUMENT\"}"),
      1);
  EXPECT_DOUBLE_EQ(page.at("rill_audio_seconds_total{model=\"fake\"}"), 1.6);
  EXPECT_EQ(page.at("rill_words_total{model=\"fake\"}"), 5);
  EXPECT_EQ(page.at("rill_first_word_seconds_count{model=\"fake\"}"), 2);
  EXPECT_EQ(page.at("rill_finish_seconds_count{model=\"fake\"}"), 2);
  EXPECT_EQ(page.at("rill_finish_seconds_bucket{model=\"fake\",le=\"+Inf\"}"), 2);
}

TEST_F(MetricsTest, NothingThatWasSaidIsOnThePage) {
  Start(Options());
  const Outcome outcome = Stream(NoiseAudio(1280));
  ASSERT_FALSE(outcome.finals.empty());
  const std::string page = Get("/metrics");
  for (const v1::Word& word : outcome.finals[0].words()) {
    EXPECT_THAT(page, Not(HasSubstr(word.text())));
  }
}

TEST_F(MetricsTest, KnowsWhenTheCertificateEnds) {
  const TemporaryFolder folder;
  ServerOptions options = Options();
  options.tls = {folder / "cert.pem", folder / "key.pem", ""};
  const auto pair = TestAuthority("authority").Issue("server");
  ReplaceFile(options.tls.cert, pair.cert);
  ReplaceFile(options.tls.key, pair.key);
  Start(options);
  EXPECT_EQ(Read().at("rill_certificate_expiry_timestamp_seconds"),
            static_cast<double>(*CertificateExpiry(options.tls.cert)));
}

TEST_F(MetricsTest, ATakenPortIsAnError) {
  Start(Options());
  ServerOptions options = Options();
  options.metrics_listen = "127.0.0.1:" + std::to_string(server().metrics_port());
  for (const std::string& address : {options.metrics_listen, std::string("nonsense")}) {
    options.metrics_listen = address;
    const auto second = Server::Start(options, FakeModel(options, std::make_shared<FakeControl>()));
    EXPECT_EQ(second.status().code(), absl::StatusCode::kUnavailable);
    EXPECT_THAT(std::string(second.status().message()), HasSubstr("--metrics-listen " + address));
  }
}

TEST_F(MetricsTest, NotReadyBeforeTheModelIsWarmNorWhileItDrains) {
  const TemporaryFolder folder;
  ServerOptions options = FewThreads();
  const std::string socket = "unix:" + (folder / "socket");
  options.listen = {socket};
  const auto control = std::make_shared<FakeControl>();
  control->CloseGate();
  auto server = Server::Start(options, FakeModel(options, control));
  ASSERT_TRUE(server.ok()) << server.status();
  std::thread warm_up([&] { (*server)->WarmUp(); });
  const std::vector<std::string> services = {"", "rill.v1.SpeechRecognition", "fake"};
  for (const std::string& service : services) {
    EXPECT_EQ(Health(socket, service), HealthCheckResponse::NOT_SERVING) << service;
  }
  const auto stub = v1::SpeechRecognition::NewStub(
      grpc::CreateChannel(socket, grpc::InsecureChannelCredentials()));
  grpc::ClientContext context;
  v1::RecognizeRequest request;
  *request.mutable_config() = Linear16Config();
  v1::RecognizeResponse response;
  const grpc::Status early = stub->Recognize(&context, request, &response);
  EXPECT_EQ(early.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_THAT(early.error_message(), HasSubstr("starting"));

  control->OpenGate();
  warm_up.join();
  EXPECT_EQ(control->opened, options.workers) << "every worker has run once";
  EXPECT_EQ(control->live_streams, 0);
  EXPECT_EQ(Health(socket, ""), HealthCheckResponse::NOT_SERVING);
  (*server)->BeginServing();
  for (const std::string& service : services) {
    EXPECT_EQ(Health(socket, service), HealthCheckResponse::SERVING) << service;
  }
  EXPECT_EQ(Health(socket, "another"), HealthCheckResponse::SERVICE_UNKNOWN);
  (*server)->Drain(std::chrono::seconds(1));
}

TEST(HistogramTest, CountsIntoTheRightBuckets) {
  Histogram histogram({1, 2, 4});
  for (const double value : {0.0, 1.0, 1.5, 2.0, 4.0, 4.5, 100.0}) histogram.Observe(value);
  const Histogram::Snapshot snapshot = histogram.Take();
  EXPECT_EQ(snapshot.counts, (std::vector<uint64_t>{2, 2, 1, 2}));
  EXPECT_DOUBLE_EQ(snapshot.sum, 113);
}

TEST(HistogramTest, LosesNothingWhenManyThreadsCount) {
  Histogram histogram({1});
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 10000; ++n) histogram.Observe(n % 2 * 2);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(histogram.Take().counts, (std::vector<uint64_t>{20000, 20000}));
  EXPECT_DOUBLE_EQ(histogram.Take().sum, 40000);
}

}  // namespace
}  // namespace rill::server
