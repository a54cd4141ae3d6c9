// StreamingRecognize and Recognize of google.cloud.speech.v1.Speech, well treated and not.
#include <gmock/gmock.h>

#include "grpc/health/v1/health.grpc.pb.h"
#include "server/security/token.h"
#include "tests/server/google_fixture.h"
#include "tests/server/test_certificates.h"
#include "tests/temporary_folder.h"

namespace rill::server::google_speech {
namespace {

using testing::HasSubstr;

class GoogleStreamingTest : public GoogleFixture {
 protected:
  void ExpectError(const grpc::Status& status, grpc::StatusCode code, const std::string& text) {
    EXPECT_EQ(status.error_code(), code) << status.error_message();
    EXPECT_THAT(status.error_message(), HasSubstr(text));
    EXPECT_TRUE(EverythingFreed());
  }

  // So many milliseconds in which nobody speaks.
  static std::string Silence(int ms) { return std::string(static_cast<size_t>(ms) * 32, '\0'); }
};

TEST_F(GoogleStreamingTest, TheResultsAreThoseOfRill) {
  Start();
  const std::string audio = NoiseAudio(10250);
  const v1::StreamingConfig written = WrittenConfig();
  const Outcome rill = ServerFixture::Stream(audio, 3200, &written);
  ASSERT_TRUE(rill.status.ok());
  std::string text;
  for (const v1::Result& result : rill.finals) text += (text.empty() ? "" : " ") + result.text();
  const GoogleOutcome streamed = Stream(audio);
  ASSERT_TRUE(streamed.status.ok()) << streamed.status.error_message();
  EXPECT_TRUE(streamed.interims.empty());
  EXPECT_EQ(streamed.responses.size(), streamed.finals.size());
  EXPECT_EQ(streamed.Text(), text);
  EXPECT_EQ(streamed.Words(), rill.Words());
  EXPECT_EQ(Stream(audio, 77).Words(), rill.Words());
  EXPECT_EQ(Stream(audio, 10000000).Words(), rill.Words());
  EXPECT_EQ(Recognize(audio).Words(), rill.Words());
  EXPECT_EQ(Recognize(audio).Text(), text);
  EXPECT_TRUE(EverythingFreed());
}

TEST_F(GoogleStreamingTest, InterimResultsComeIfAskedFor) {
  Start();
  const auto stub = NewStub();
  grpc::ClientContext context;
  const auto call = stub->StreamingRecognize(&context);
  call->Write(ConfigRequest(SpeechConfig(), /*interim_results=*/true));
  GoogleOutcome outcome;
  speech::StreamingRecognizeResponse response;
  for (int i = 0; i < 5; ++i) {
    call->Write(AudioRequest(NoiseAudio(320, i)));
    ASSERT_TRUE(call->Read(&response));
    outcome.Take(response);
  }
  EXPECT_EQ(outcome.Course(), "interim interim interim final interim");
  EXPECT_EQ(outcome.interims[0].language_code(), "en-us");
  EXPECT_EQ(outcome.interims[3].alternatives(0).transcript().substr(0, 2), " w");
  call->WritesDone();
  ASSERT_TRUE(call->Read(&response));
  EXPECT_TRUE(response.results(0).is_final());
  EXPECT_FALSE(call->Read(&response));
  EXPECT_TRUE(call->Finish().ok());
}

TEST_F(GoogleStreamingTest, ASingleUtteranceEndsTheStream) {
  Start();
  auto config = ConfigRequest();
  config.mutable_streaming_config()->set_single_utterance(true);
  const GoogleOutcome outcome = Send({config, AudioRequest(NoiseAudio(3200))});
  EXPECT_TRUE(outcome.status.ok()) << outcome.status.error_message();
  EXPECT_EQ(outcome.Course(), "END_OF_SINGLE_UTTERANCE:1280 final");
  EXPECT_EQ(Send({config, AudioRequest(Silence(100))}, /*half_close=*/true).Course(),
            "END_OF_SINGLE_UTTERANCE:100");
  EXPECT_TRUE(EverythingFreed());
}

TEST_F(GoogleStreamingTest, SpeechBeginsAndEnds) {
  Start();
  auto config = ConfigRequest();
  config.mutable_streaming_config()->set_enable_voice_activity_events(true);
  const GoogleOutcome outcome = Stream(Silence(320) + NoiseAudio(640) + Silence(320), 3200, config);
  EXPECT_TRUE(outcome.status.ok()) << outcome.status.error_message();
  EXPECT_EQ(outcome.Course(), "SPEECH_ACTIVITY_BEGIN:320 SPEECH_ACTIVITY_END:960 final");
}

TEST_F(GoogleStreamingTest, NobodySpeaksAndTheStreamEnds) {
  Start();
  auto config = ConfigRequest();
  auto& timeout = *config.mutable_streaming_config()->mutable_voice_activity_timeout();
  timeout.mutable_speech_start_timeout()->set_nanos(500'000'000);
  timeout.mutable_speech_end_timeout()->set_seconds(1);
  // The client closes its side.
  const GoogleOutcome silent =
      Stream(Silence(320) + Silence(320) + NoiseAudio(9600), 100000000, config);
  EXPECT_TRUE(silent.status.ok()) << silent.status.error_message();
  EXPECT_EQ(silent.Course(), "SPEECH_ACTIVITY_TIMEOUT:500");
  EXPECT_TRUE(EverythingFreed());

  // It goes on sending.
  const auto stub = NewStub();
  grpc::ClientContext context;
  const auto call = stub->StreamingRecognize(&context);
  call->Write(config);
  call->Write(AudioRequest(NoiseAudio(320) + Silence(1280)));
  GoogleOutcome spoken;
  speech::StreamingRecognizeResponse response;
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(call->Read(&response));
    spoken.Take(response);
  }
  EXPECT_EQ(spoken.Course(), "final SPEECH_ACTIVITY_TIMEOUT:1320");
  EXPECT_EQ(server().open_sessions(), 1);
  EXPECT_TRUE(Eventually([&] { return !call->Write(AudioRequest(NoiseAudio(1000))); }));
  EXPECT_FALSE(call->Read(&response));
  EXPECT_TRUE(call->Finish().ok());
  EXPECT_TRUE(EverythingFreed());
}

TEST_F(GoogleStreamingTest, TimesThatAreNoneAreRefused) {
  Start();
  auto config = ConfigRequest();
  config.mutable_streaming_config()
      ->mutable_voice_activity_timeout()
      ->mutable_speech_end_timeout()
      ->set_seconds(-1);
  ExpectError(Send({config}).status, grpc::StatusCode::INVALID_ARGUMENT,
              "streaming_config.voice_activity_timeout.speech_end_timeout");
  EXPECT_EQ(fake().opened, 0);
}

TEST_F(GoogleStreamingTest, NoAudioIsNoResultAndNoError) {
  Start();
  const GoogleOutcome outcome = Stream("");
  EXPECT_TRUE(outcome.status.ok()) << outcome.status.error_message();
  EXPECT_TRUE(outcome.responses.empty());
  EXPECT_TRUE(Recognize("").status.ok());
  EXPECT_TRUE(Send({ConfigRequest(), AudioRequest("")}, true).status.ok());
  EXPECT_TRUE(EverythingFreed());
}

TEST_F(GoogleStreamingTest, RequestsOutOfOrderAreRefused) {
  Start();
  const auto audio = AudioRequest(NoiseAudio(100));
  constexpr auto kInvalid = grpc::StatusCode::INVALID_ARGUMENT;
  ExpectError(Send({audio}).status, kInvalid, "streaming_config: must be the first");
  ExpectError(Send({{}}).status, kInvalid, "streaming_config: must be the first");
  ExpectError(Send({}, true).status, kInvalid, "streaming_config: the stream ended without");
  ExpectError(Send({ConfigRequest(), audio, ConfigRequest()}).status, kInvalid,
              "streaming_config: sent twice");
  ExpectError(Send({ConfigRequest(), {}}).status, kInvalid, "streaming_request: empty");
}

TEST_F(GoogleStreamingTest, BadConfigurationsNameTheField) {
  Start();
  speech::RecognitionConfig config = SpeechConfig();
  config.set_encoding(speech::RecognitionConfig::MP3);
  constexpr auto kInvalid = grpc::StatusCode::INVALID_ARGUMENT;
  ExpectError(Send({ConfigRequest(config)}).status, kInvalid, "streaming_config.config.encoding");
  ExpectError(Recognize("", config).status, kInvalid, "config.encoding");
  EXPECT_EQ(fake().opened, 0);
}

TEST_F(GoogleStreamingTest, ARecordingIsSentAndNotFetched) {
  Start();
  for (const bool uri : {true, false}) {
    speech::RecognizeRequest request;
    *request.mutable_config() = SpeechConfig();
    if (uri) request.mutable_audio()->set_uri("gs://bucket/file");
    grpc::ClientContext context;
    speech::RecognizeResponse response;
    ExpectError(NewStub()->Recognize(&context, request, &response),
                grpc::StatusCode::INVALID_ARGUMENT, uri ? "audio.uri: " : "audio: ");
  }
  EXPECT_EQ(fake().opened, 0);
}

TEST_F(GoogleStreamingTest, MoreResultsThanOneMessageHolds) {
  ServerOptions options = FewThreads();
  options.max_message_bytes = 100000;
  fake().word_padding = 20000;
  Start(options);
  EXPECT_TRUE(Recognize(NoiseAudio(640)).status.ok());
  ExpectError(Recognize(NoiseAudio(3000)).status, grpc::StatusCode::OUT_OF_RANGE,
              "results: more than 100000 bytes");
}

TEST_F(GoogleStreamingTest, AudioAtFaultEndsTheStreamAfterItsWords) {
  Start();
  const GoogleOutcome outcome = Send(
      {ConfigRequest(), AudioRequest(NoiseAudio(500)), AudioRequest(std::string(1, kFakeBadByte))});
  EXPECT_EQ(outcome.finals.size(), 1u);
  ExpectError(outcome.status, grpc::StatusCode::INVALID_ARGUMENT, "audio: not audio");
}

TEST_F(GoogleStreamingTest, ACancelledCallLeavesNothing) {
  Start();
  const auto stub = NewStub();
  grpc::ClientContext context;
  const auto call = stub->StreamingRecognize(&context);
  call->Write(ConfigRequest(SpeechConfig(), /*interim_results=*/true));
  call->Write(AudioRequest(NoiseAudio(1000)));
  speech::StreamingRecognizeResponse response;
  EXPECT_TRUE(call->Read(&response));
  context.TryCancel();
  while (call->Read(&response)) {
  }
  EXPECT_EQ(call->Finish().error_code(), grpc::StatusCode::CANCELLED);
  EXPECT_TRUE(EverythingFreed());
}

TEST_F(GoogleStreamingTest, TheSameLimitsHold) {
  ServerOptions options = FewThreads();
  options.max_streams = 1;
  Start(options);
  const auto stub = NewStub();
  grpc::ClientContext context;
  const auto call = stub->StreamingRecognize(&context);
  call->Write(ConfigRequest(SpeechConfig(), /*interim_results=*/true));
  call->Write(AudioRequest(NoiseAudio(320)));
  speech::StreamingRecognizeResponse response;
  ASSERT_TRUE(call->Read(&response));
  const GoogleOutcome refused = Send({ConfigRequest()});
  EXPECT_EQ(refused.status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_FALSE(refused.status.error_details().empty()) << "when to try again";
  EXPECT_EQ(Recognize("").status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  context.TryCancel();
  EXPECT_TRUE(EverythingFreed());
}

TEST_F(GoogleStreamingTest, EveryMethodWantsAToken) {
  TemporaryFolder folder;
  ServerOptions options = FewThreads();
  options.token_file = folder / "tokens";
  ReplaceFile(options.token_file, TokenLine("alice", "secret", 0) + "\n");
  Start(options);
  for (const grpc::Status& status : {Send({ConfigRequest()}).status, Recognize("").status}) {
    EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAUTHENTICATED) << status.error_message();
  }
}

TEST_F(GoogleStreamingTest, OneModelGoesByAnyName) {
  Start();
  speech::RecognitionConfig config = SpeechConfig();
  for (const char* name : {"fake", "latest_long", ""}) {
    config.set_model(name);
    EXPECT_TRUE(Recognize("", config).status.ok()) << name;
  }
}

TEST_F(GoogleStreamingTest, HealthKnowsTheService) {
  Start();
  const auto health = grpc::health::v1::Health::NewStub(NewChannel());
  grpc::health::v1::HealthCheckRequest request;
  request.set_service("google.cloud.speech.v1.Speech");
  grpc::health::v1::HealthCheckResponse response;
  grpc::ClientContext context;
  ASSERT_TRUE(health->Check(&context, request, &response).ok());
  EXPECT_EQ(response.status(), grpc::health::v1::HealthCheckResponse::SERVING);
}

}  // namespace
}  // namespace rill::server::google_speech
