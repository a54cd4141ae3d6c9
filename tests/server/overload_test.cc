// Clients that vanish, are too many, too fast or too slow: others do not suffer, and everything is
// freed.
#include <gmock/gmock.h>

#include <chrono>
#include <thread>

#include "rill/wire/rpc_status.pb.h"
#include "tests/server/server_fixture.h"

namespace rill::server {
namespace {

using testing::HasSubstr;

class OverloadTest : public ServerFixture {
 protected:
  // A stream that has begun: config sent, the first response read.
  struct Call {
    grpc::ClientContext context;
    std::unique_ptr<StreamingCall> stream;
  };
  std::unique_ptr<Call> Begin(v1::SpeechRecognition::Stub* on = nullptr) {
    auto call = std::make_unique<Call>();
    call->stream = (on ? on : &stub())->StreamingRecognize(&call->context);
    v1::StreamingRecognizeResponse started;
    EXPECT_TRUE(call->stream->Write(ConfigRequest()));
    EXPECT_TRUE(call->stream->Read(&started));
    return call;
  }
};

TEST_F(OverloadTest, TooManyStreamsAreToldWhenToComeBack) {
  ServerOptions options = FewThreads();
  options.max_streams = 3;
  Start(options);
  std::vector<std::unique_ptr<Call>> calls;
  for (int i = 0; i < 3; ++i) calls.push_back(Begin());
  const Outcome refused = Stream(NoiseAudio(100));
  EXPECT_EQ(refused.status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  wire::RpcStatus details;
  ASSERT_TRUE(details.ParseFromString(refused.status.error_details()));
  EXPECT_EQ(details.code(), 8);
  ASSERT_EQ(details.details_size(), 1);
  EXPECT_EQ(details.details(0).type_url(), "type.googleapis.com/google.rpc.RetryInfo");
  wire::RetryInfo retry;
  ASSERT_TRUE(retry.ParseFromString(details.details(0).value()));
  EXPECT_GE(retry.retry_delay().seconds(), 1);
  EXPECT_EQ(fake().opened, 3);  // nothing was made for the one refused
  EXPECT_EQ(Recognize(NoiseAudio(100)).status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);

  calls.pop_back();  // destroyed without an end: cancelled
  EXPECT_TRUE(Eventually([this] { return server().open_sessions() == 2; }));
  EXPECT_TRUE(Eventually([this] { return fake().live_streams == 2; }));
  EXPECT_TRUE(Stream(NoiseAudio(100)).status.ok());
}

TEST_F(OverloadTest, CancelledStreamsAreFreed) {
  Start();
  for (int i = 0; i < 20; ++i) {
    const auto call = Begin();
    call->stream->Write(AudioRequest(NoiseAudio(100 * i)));
    call->context.TryCancel();
    EXPECT_EQ(call->stream->Finish().error_code(), grpc::StatusCode::CANCELLED);
  }
  EXPECT_TRUE(EverythingFreed());
}

TEST_F(OverloadTest, AStreamCancelledDuringAStepOutlivesTheStep) {
  Start();
  fake().CloseGate();
  {
    const auto call = Begin();
    call->stream->Write(AudioRequest(NoiseAudio(1000)));
    call->context.TryCancel();
    call->stream->Finish();
  }
  fake().OpenGate();
  EXPECT_TRUE(EverythingFreed());
  EXPECT_TRUE(Stream(NoiseAudio(400)).status.ok());
}

TEST_F(OverloadTest, ClientsThatVanishAreFreed) {
  Start();
  std::vector<std::unique_ptr<Call>> calls;
  {
    auto channel = NewChannel();
    const auto other = v1::SpeechRecognition::NewStub(channel);
    for (int i = 0; i < 8; ++i) {
      calls.push_back(Begin(other.get()));
      calls.back()->stream->Write(AudioRequest(NoiseAudio(400)));
    }
  }
  calls.clear();
  EXPECT_TRUE(EverythingFreed());
}

TEST_F(OverloadTest, AFastSenderWaitsForTheModel) {
  ServerOptions options = FewThreads();
  options.queue_seconds = 2;
  Start(options);
  fake().CloseGate();
  grpc::ClientContext context;
  const auto call = stub().StreamingRecognize(&context);
  Outcome outcome;
  std::thread reader([&] { ReadAll(call.get(), &outcome); });
  constexpr int kMessages = 60;
  std::atomic<int> sent{0};
  std::thread sender([&] {
    call->Write(ConfigRequest());
    for (; sent < kMessages; ++sent) call->Write(AudioRequest(NoiseAudio(30000)));
    call->WritesDone();
  });
  // Half an hour of audio does not fit into what the server and the flow control take.
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  EXPECT_LT(sent, kMessages);
  fake().OpenGate();
  sender.join();
  reader.join();
  EXPECT_TRUE(outcome.status.ok()) << outcome.status.error_message();
  EXPECT_EQ(outcome.finals.back().end_ms(), kMessages * 30000);
}

TEST_F(OverloadTest, ASlowReaderMissesNoFinal) {
  fake().word_padding = 20000;  // a final is 80 kB: more wait than may
  Start();
  grpc::ClientContext context;
  const auto call = stub().StreamingRecognize(&context);
  v1::StreamingRecognizeRequest config = ConfigRequest(/*interim_results=*/true);
  config.mutable_config()->mutable_recognition()->set_word_times(false);
  call->Write(config);
  call->Write(AudioRequest(NoiseAudio(100000)));
  call->WritesDone();
  // The model stops for the reader, long before the 313 chunks are through.
  int steps = -1;
  EXPECT_TRUE(Eventually([&] {
    const int before = std::exchange(steps, fake().steps.load());
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    return before == steps && steps > 0;
  }));
  EXPECT_LT(fake().chunks, 313);
  // Others are not held up.
  const std::string other = NoiseAudio(1000);
  EXPECT_EQ(Stream(other).finals.size(), 1u);
  Outcome outcome;
  ReadAll(call.get(), &outcome);
  EXPECT_TRUE(outcome.status.ok()) << outcome.status.error_message();
  EXPECT_EQ(outcome.finals.size(), 79u);
  EXPECT_EQ(outcome.finals.back().end_ms(), 100000);
  EXPECT_LT(outcome.interims.size(), 313u - 79u);
}

TEST_F(OverloadTest, IdleStreamsAreClosedWithTheirResults) {
  ServerOptions options = FewThreads();
  options.idle_timeout = 0.3;
  Start(options);
  const auto call = Begin();
  call->stream->Write(AudioRequest(NoiseAudio(500)));
  Outcome outcome;
  ReadAll(call->stream.get(), &outcome);
  EXPECT_EQ(outcome.status.error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  EXPECT_THAT(outcome.status.error_message(), HasSubstr("audio: none came"));
  ASSERT_EQ(outcome.finals.size(), 1u);
  EXPECT_EQ(outcome.finals[0].end_ms(), 500);
  EXPECT_TRUE(EverythingFreed());
}

TEST_F(OverloadTest, CallsWithoutAConfigurationAreEnded) {
  ServerOptions options = FewThreads();
  options.idle_timeout = 0.3;
  Start(options);
  Outcome outcome;
  grpc::ClientContext context;
  const auto call = stub().StreamingRecognize(&context);
  ReadAll(call.get(), &outcome);
  EXPECT_EQ(outcome.status.error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  EXPECT_THAT(outcome.status.error_message(), HasSubstr("config: did not come"));
  EXPECT_EQ(fake().opened, 0);
}

TEST_F(OverloadTest, CallsThatEndBeforeTheirConfigurationIsLateAreFreed) {
  ServerOptions options = FewThreads();
  options.idle_timeout = 0.05;
  Start(options);
  for (int i = 0; i < 50; ++i) {
    grpc::ClientContext context;
    const auto call = stub().StreamingRecognize(&context);
    std::this_thread::sleep_for(std::chrono::milliseconds(i));
    context.TryCancel();
    Outcome outcome;
    ReadAll(call.get(), &outcome);
    EXPECT_FALSE(outcome.status.ok());
  }
  EXPECT_EQ(fake().opened, 0);
}

TEST_F(OverloadTest, AFullServerLooksAtNoState) {
  ServerOptions options = FewThreads();
  options.max_streams = 1;
  Start(options);
  const auto holder = Begin();
  grpc::ClientContext context;
  const auto call = stub().StreamingRecognize(&context);
  v1::StreamingRecognizeRequest config = ConfigRequest();
  config.mutable_config()->set_resume("nobody's state");
  call->Write(config);
  Outcome outcome;
  ReadAll(call.get(), &outcome);
  EXPECT_EQ(outcome.status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
}

TEST_F(OverloadTest, AReaderThatStopsIsCutOff) {
  fake().word_padding = 20000;
  ServerOptions options = FewThreads();
  options.idle_timeout = 0.5;
  Start(options);
  const auto call = Begin();
  call->stream->Write(AudioRequest(NoiseAudio(100000)));
  EXPECT_TRUE(EverythingFreed());
  Outcome outcome;
  ReadAll(call->stream.get(), &outcome);
  EXPECT_FALSE(outcome.status.ok());
}

TEST_F(OverloadTest, TheServerMayStopAtAnyMoment) {
  for (int round = 0; round < 5; ++round) {
    Start();
    std::vector<std::thread> clients;
    for (int i = 0; i < 8; ++i) {
      clients.emplace_back([this, i] { Stream(NoiseAudio(200000, i), 3200); });
    }
    EXPECT_TRUE(Eventually([this] { return fake().steps > 10; }));
    StopServer();
    for (std::thread& client : clients) client.join();
    EXPECT_EQ(fake().live_streams, 0);
    Stop();
    fake().steps = 0;
  }
}

}  // namespace
}  // namespace rill::server
