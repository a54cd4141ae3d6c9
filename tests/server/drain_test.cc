// A server that is told to stop: health, new streams, open streams.
#include <gmock/gmock.h>

#include <chrono>
#include <thread>

#include "grpc/health/v1/health.grpc.pb.h"
#include "tests/server/server_fixture.h"

namespace rill::server {
namespace {

using grpc::health::v1::HealthCheckResponse;
using std::chrono::milliseconds;
using testing::HasSubstr;

class DrainTest : public ServerFixture {
 protected:
  HealthCheckResponse::ServingStatus Health(const std::string& service) {
    const auto health = grpc::health::v1::Health::NewStub(NewChannel());
    grpc::ClientContext context;
    grpc::health::v1::HealthCheckRequest request;
    request.set_service(service);
    HealthCheckResponse response;
    const grpc::Status status = health->Check(&context, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response.status();
  }
};

TEST_F(DrainTest, ServesUntilItDrains) {
  Start();
  EXPECT_EQ(Health(""), HealthCheckResponse::SERVING);
  EXPECT_EQ(Health("rill.v1.SpeechRecognition"), HealthCheckResponse::SERVING);
  server().Drain(milliseconds(0));
  EXPECT_EQ(server().open_sessions(), 0);
}

TEST_F(DrainTest, OpenStreamsEndInPeaceAndNewOnesAreRefused) {
  Start();
  grpc::ClientContext context;
  const auto call = stub().StreamingRecognize(&context);
  call->Write(ConfigRequest());
  v1::StreamingRecognizeResponse started;
  ASSERT_TRUE(call->Read(&started));
  std::thread drain([this] { server().Drain(std::chrono::minutes(5)); });
  EXPECT_TRUE(Eventually([this] { return Health("") == HealthCheckResponse::NOT_SERVING; }));
  EXPECT_EQ(Health("rill.v1.SpeechRecognition"), HealthCheckResponse::NOT_SERVING);
  EXPECT_TRUE(Eventually([this] {
    return Stream(NoiseAudio(100)).status.error_code() == grpc::StatusCode::UNAVAILABLE;
  }));
  EXPECT_EQ(Recognize(NoiseAudio(100)).status.error_code(), grpc::StatusCode::UNAVAILABLE);
  call->Write(AudioRequest(NoiseAudio(700)));
  call->WritesDone();
  Outcome outcome;
  ReadAll(call.get(), &outcome);
  EXPECT_TRUE(outcome.status.ok()) << outcome.status.error_message();
  EXPECT_EQ(outcome.finals.size(), 1u);
  drain.join();
}

TEST_F(DrainTest, StreamsThatTakeTooLongGetTheirFinalResults) {
  Start();
  grpc::ClientContext context;
  const auto call = stub().StreamingRecognize(&context);
  call->Write(ConfigRequest());
  call->Write(AudioRequest(NoiseAudio(700)));
  EXPECT_TRUE(Eventually([this] { return fake().steps > 0; }));
  server().Drain(milliseconds(1));
  Outcome outcome;
  ReadAll(call.get(), &outcome);
  EXPECT_EQ(outcome.status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_THAT(outcome.status.error_message(), HasSubstr("shutting down"));
  ASSERT_EQ(outcome.finals.size(), 1u);
  EXPECT_EQ(outcome.finals[0].end_ms(), 700);
}

}  // namespace
}  // namespace rill::server
