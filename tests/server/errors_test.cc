// What clients do wrong, and what they are told.
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cmath>
#include <random>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "tests/server/server_fixture.h"

namespace rill::server {
namespace {

using testing::HasSubstr;

class ErrorsTest : public ServerFixture {
 protected:
  void ExpectError(const grpc::Status& status, grpc::StatusCode code, const std::string& text) {
    EXPECT_EQ(status.error_code(), code) << status.error_message();
    EXPECT_THAT(status.error_message(), HasSubstr(text));
    EXPECT_TRUE(EverythingFreed());
  }
};

TEST_F(ErrorsTest, BadConfigurationsNameTheField) {
  Start();
  using Config = v1::RecognitionConfig;
  const struct {
    std::function<void(Config*)> change;
    std::string field;
  } cases[] = {
      {[](Config* c) { c->set_chunk_ms(100); }, "config.recognition.chunk_ms"},
      {[](Config* c) { c->set_chunk_ms(-40); }, "config.recognition.chunk_ms"},
      {[](Config* c) { c->mutable_audio()->set_sample_rate_hertz(0); },
       "config.recognition.audio.sample_rate_hertz"},
      {[](Config* c) { c->mutable_audio()->set_sample_rate_hertz(3999); },
       "config.recognition.audio.sample_rate_hertz"},
      {[](Config* c) { c->mutable_audio()->set_sample_rate_hertz(-16000); },
       "config.recognition.audio.sample_rate_hertz"},
      {[](Config* c) { c->mutable_audio()->set_channels(9); }, "config.recognition.audio.channels"},
      {[](Config* c) { c->mutable_audio()->set_channels(-1); },
       "config.recognition.audio.channels"},
      {[](Config* c) { c->mutable_audio()->set_encoding(static_cast<v1::AudioEncoding>(99)); },
       "config.recognition.audio.encoding"},
      {[](Config* c) { c->mutable_endpoint()->set_silence_after_words_ms(-1); },
       "config.recognition.endpoint.silence_after_words_ms"},
      {[](Config* c) { c->mutable_endpoint()->set_max_utterance_ms(-1); },
       "config.recognition.endpoint.max_utterance_ms"},
      {[](Config* c) { c->mutable_decoding()->set_beam(129); },
       "config.recognition.decoding.beam:"},
      {[](Config* c) { c->mutable_decoding()->set_lm_weight(NAN); },
       "config.recognition.decoding.lm_weight: nan"},
      {[](Config* c) { c->mutable_decoding()->set_word_bonus(21); },
       "config.recognition.decoding.word_bonus: 21"},
      {[](Config* c) { c->mutable_decoding()->set_letter_bonus(22); },
       "config.recognition.decoding.letter_bonus: 22"},
      {[](Config* c) { c->mutable_decoding()->set_blank_penalty(23); },
       "config.recognition.decoding.blank_penalty: 23"},
      {[](Config* c) { c->mutable_decoding()->set_token_threshold(-1); },
       "config.recognition.decoding.token_threshold: -1"},
      {[](Config* c) { c->mutable_decoding()->set_beam_threshold(-2); },
       "config.recognition.decoding.beam_threshold: -2"},
      {[](Config* c) { c->mutable_decoding()->set_lexicon_only(true); },
       "config.recognition.decoding.lexicon_only"},
      {[](Config* c) {
         c->mutable_decoding()->set_method(static_cast<v1::DecodingConfig::Method>(9));
       },
       "config.recognition.decoding.method"},
      {[](Config* c) { c->set_alternatives(-1); }, "config.recognition.alternatives: -1"},
  };
  for (const auto& c : cases) {
    v1::StreamingRecognizeRequest request = ConfigRequest();
    c.change(request.mutable_config()->mutable_recognition());
    ExpectError(Send({request}).status, grpc::StatusCode::INVALID_ARGUMENT, c.field);
  }
  EXPECT_EQ(fake().opened, 0);
}

TEST_F(ErrorsTest, UnknownModelIsNotFoundAndTheOnesThereAreNamed) {
  Start();
  v1::StreamingRecognizeRequest request = ConfigRequest();
  request.mutable_config()->mutable_recognition()->set_model("none\xE2\x82\xAC");
  ExpectError(Send({request}).status, grpc::StatusCode::NOT_FOUND, "this server has: fake");
}

// A small message that would become a large one.
TEST_F(ErrorsTest, CompressedMessagesAreRefused) {
  Start();
  for (const grpc_compression_algorithm algorithm : {GRPC_COMPRESS_GZIP, GRPC_COMPRESS_DEFLATE}) {
    grpc::ClientContext context;
    context.set_compression_algorithm(algorithm);
    v1::RecognizeRequest request;
    *request.mutable_config() = ConfigRequest().config().recognition();
    request.set_audio(std::string(1 << 20, '\0'));
    v1::RecognizeResponse response;
    ExpectError(stub().Recognize(&context, request, &response), grpc::StatusCode::UNIMPLEMENTED,
                "disabled");
  }
  EXPECT_EQ(fake().opened, 0);
}

TEST_F(ErrorsTest, MoreResultsThanOneMessageHolds) {
  ServerOptions options = FewThreads();
  options.max_message_bytes = 100000;
  fake().word_padding = 20000;
  Start(options);
  EXPECT_TRUE(Recognize(NoiseAudio(640)).status.ok());
  ExpectError(Recognize(NoiseAudio(3000)).status, grpc::StatusCode::OUT_OF_RANGE, "Transcribe");
}

TEST_F(ErrorsTest, StatesNeedRoomInAMessage) {
  ServerOptions options = FewThreads();
  options.max_message_bytes = 1 << 20;
  Start(options);
  v1::StreamingRecognizeRequest request = ConfigRequest();
  request.mutable_config()->set_checkpoint_ms(5000);
  ExpectError(Send({request}).status, grpc::StatusCode::FAILED_PRECONDITION, "--max-message-bytes");
}

TEST_F(ErrorsTest, RequestsOutOfOrder) {
  Start();
  const auto audio = AudioRequest(NoiseAudio(100));
  v1::StreamingRecognizeRequest features, empty;
  features.mutable_features()->set_data("1234");
  const auto code = grpc::StatusCode::INVALID_ARGUMENT;
  ExpectError(Send({audio}).status, code, "config: must be the first");
  ExpectError(Send({ConfigRequest(), ConfigRequest()}).status, code, "config: sent twice");
  ExpectError(Send({ConfigRequest(), features}).status, code,
              "features: this stream carries audio");
  ExpectError(Send({ConfigRequest(), empty}).status, code, "request: empty");
  v1::StreamingRecognizeRequest feature_config;
  feature_config.mutable_config()->set_features(true);
  ExpectError(Send({feature_config, audio}).status, code, "audio: this stream carries features");
  ExpectError(Send({feature_config, features}).status, code, "features.data");
  *feature_config.mutable_config()->mutable_recognition() = Linear16Config();
  ExpectError(Send({feature_config}).status, code, "config.recognition.audio: must not be set");
}

TEST_F(ErrorsTest, AFaultyRequestLosesNoWords) {
  Start();
  v1::StreamingRecognizeRequest empty;
  const auto audio = AudioRequest(NoiseAudio(640));
  const Outcome faulty = Send({ConfigRequest(), audio, empty});
  ExpectError(faulty.status, grpc::StatusCode::INVALID_ARGUMENT, "request: empty");
  const Outcome whole = Send({ConfigRequest(), audio}, /*half_close=*/true);
  EXPECT_TRUE(whole.status.ok()) << whole.status.error_message();
  EXPECT_NE(whole.Transcript(), "");
  EXPECT_EQ(faulty.Transcript(), whole.Transcript());
}

TEST_F(ErrorsTest, AStreamWithoutAnything) {
  Start();
  grpc::ClientContext context;
  const auto call = stub().StreamingRecognize(&context);
  call->WritesDone();
  Outcome outcome;
  ReadAll(call.get(), &outcome);
  ExpectError(outcome.status, grpc::StatusCode::INVALID_ARGUMENT, "config");
  grpc::ClientContext other_context;
  const auto transcribe = stub().Transcribe(&other_context);
  transcribe->WritesDone();
  ExpectError(transcribe->Finish(), grpc::StatusCode::INVALID_ARGUMENT, "config");
}

TEST_F(ErrorsTest, BadAudioEndsTheStream) {
  Start();
  const std::string bad(1, static_cast<char>(kFakeBadByte));
  ExpectError(Send({ConfigRequest(), AudioRequest(NoiseAudio(400)), AudioRequest(bad)}).status,
              grpc::StatusCode::INVALID_ARGUMENT, "audio: not audio");
  ExpectError(Recognize(bad).status, grpc::StatusCode::INVALID_ARGUMENT, "audio: not audio");
  ExpectError(Transcribe(bad).status, grpc::StatusCode::INVALID_ARGUMENT, "audio: not audio");
}

TEST_F(ErrorsTest, ARecordingMayBeTooLong) {
  ServerOptions options = FewThreads();
  options.max_audio_seconds = 3;
  Start(options);
  const std::string fits = NoiseAudio(3000), too_long = NoiseAudio(10000);
  EXPECT_TRUE(Transcribe(fits).status.ok());
  const Outcome outcome = Transcribe(too_long);
  EXPECT_FALSE(outcome.finals.empty());  // what came before is not lost
  ExpectError(outcome.status, grpc::StatusCode::OUT_OF_RANGE, "3 s");
  ExpectError(Recognize(too_long).status, grpc::StatusCode::OUT_OF_RANGE, "3 s");
  EXPECT_TRUE(Stream(too_long).status.ok());
}

TEST_F(ErrorsTest, AMessageMayBeTooLarge) {
  ServerOptions options = FewThreads();
  options.max_message_bytes = 100000;
  Start(options);
  EXPECT_EQ(Recognize(NoiseAudio(10000)).status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_TRUE(EverythingFreed());
  EXPECT_TRUE(Stream(NoiseAudio(1000)).status.ok());
}

TEST_F(ErrorsTest, ALiveStreamMayBeLimitedToo) {
  ServerOptions options = FewThreads();
  options.max_stream_seconds = 3;
  Start(options);
  EXPECT_TRUE(Stream(NoiseAudio(3000)).status.ok());
  const Outcome outcome = Stream(NoiseAudio(10000));
  EXPECT_FALSE(outcome.finals.empty());
  ExpectError(outcome.status, grpc::StatusCode::OUT_OF_RANGE, "3 s");
  EXPECT_TRUE(Transcribe(NoiseAudio(10000)).status.ok());
}

TEST_F(ErrorsTest, MetadataMayBeTooLarge) {
  ServerOptions options = FewThreads();
  options.max_metadata_bytes = 2000;
  Start(options);
  const auto other = v1::SpeechRecognition::NewStub(NewChannel());
  const auto list = [](v1::SpeechRecognition::Stub& stub, size_t bytes) {
    grpc::ClientContext context;
    context.AddMetadata("x-padding", std::string(bytes, 'x'));
    v1::ListModelsResponse response;
    return stub.ListModels(&context, {}, &response).error_code();
  };
  EXPECT_EQ(list(*other, 1000), grpc::StatusCode::OK);
  EXPECT_EQ(list(stub(), 1000), grpc::StatusCode::OK);
  EXPECT_EQ(list(stub(), 4000), grpc::StatusCode::RESOURCE_EXHAUSTED);
  // gRPC may close the connection that the metadata came on, but no other.
  EXPECT_EQ(list(*other, 1000), grpc::StatusCode::OK);
}

TEST_F(ErrorsTest, GarbageOnTheWireHarmsNobody) {
  Start();
  std::mt19937 random(5);
  const std::string preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
  for (int i = 0; i < 40; ++i) {
    const int connection = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<uint16_t>(server().port()));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ASSERT_EQ(connect(connection, reinterpret_cast<sockaddr*>(&to), sizeof(to)), 0);
    std::string bytes = i % 2 ? preface : "";
    for (int n = 0; n < 500; ++n) bytes.push_back(static_cast<char>(random()));
    send(connection, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    close(connection);
  }
  EXPECT_TRUE(Stream(NoiseAudio(400)).status.ok());
  EXPECT_TRUE(EverythingFreed());
}

TEST_F(ErrorsTest, ADeviceThatFailsEndsItsStreamsAndNotTheServer) {
  Start();
  fake().broken = true;
  const Outcome failed = Stream(NoiseAudio(400));
  EXPECT_EQ(failed.status.error_code(), grpc::StatusCode::INTERNAL);
  EXPECT_THAT(failed.status.error_message(), HasSubstr("the device has failed"));
  EXPECT_TRUE(EverythingFreed());
  fake().broken = false;
  EXPECT_TRUE(Stream(NoiseAudio(400)).status.ok());
}

TEST_F(ErrorsTest, ADeviceThatOnlyFailsIsLostAndTheServerTold) {
  auto control = std::make_shared<FakeControl>();
  std::atomic<int> told = 0;
  EngineOptions engine = ToEngineOptions(FewThreads());
  engine.workers = 1;
  engine.on_device_lost = [&told] {
    absl::SleepFor(absl::Milliseconds(20));  // a stream that is told first would be seen below
    ++told;
  };
  std::vector<ServedModel> models(1);
  models[0].info.name = "fake";
  models[0].engine = *Engine::Create(std::make_unique<FakeRecognizer>(control), engine);
  StartWith(FewThreads(), std::move(models));
  const auto fail = [this] {
    EXPECT_EQ(Stream(NoiseAudio(400)).status.error_code(), grpc::StatusCode::INTERNAL);
  };
  control->broken = true;
  fail();
  fail();
  control->broken = false;
  EXPECT_TRUE(Stream(NoiseAudio(400)).status.ok());
  control->broken = true;
  fail();
  fail();
  EXPECT_EQ(told, 0) << "a step between them succeeded";
  fail();
  EXPECT_EQ(told, 1);
  fail();
  EXPECT_EQ(told, 1);
  StopServer();
}

TEST_F(ErrorsTest, ATakenPortIsAnError) {
  Start();
  ServerOptions options = FewThreads();
  options.listen = {address()};
  std::vector<ServedModel> models(1);
  models[0].engine = *Engine::Create(
      std::make_unique<FakeRecognizer>(std::make_shared<FakeControl>()), ToEngineOptions(options));
  const auto second = Server::Start(options, std::move(models));
  EXPECT_EQ(second.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(second.status().message()), HasSubstr(address()));
}

}  // namespace
}  // namespace rill::server
