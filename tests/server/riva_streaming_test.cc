// The methods of RivaSpeechRecognition, well treated and not.
#include <gmock/gmock.h>

#include "grpc/health/v1/health.grpc.pb.h"
#include "server/security/token.h"
#include "tests/server/riva_fixture.h"
#include "tests/server/test_certificates.h"
#include "tests/temporary_folder.h"

namespace rill::server::riva {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class RivaStreamingTest : public RivaFixture {
 protected:
  void ExpectError(const grpc::Status& status, grpc::StatusCode code, const std::string& text) {
    EXPECT_EQ(status.error_code(), code) << status.error_message();
    EXPECT_THAT(status.error_message(), HasSubstr(text));
    EXPECT_TRUE(EverythingFreed());
  }

  std::vector<asr::RivaSpeechRecognitionConfigResponse::Config> List(const std::string& name,
                                                                     grpc::Status* status) {
    asr::RivaSpeechRecognitionConfigRequest request;
    request.set_model_name(name);
    asr::RivaSpeechRecognitionConfigResponse response;
    grpc::ClientContext context;
    *status = NewStub()->GetRivaSpeechRecognitionConfig(&context, request, &response);
    return {response.model_config().begin(), response.model_config().end()};
  }
};

TEST_F(RivaStreamingTest, TheResultsAreThoseOfRill) {
  Start();
  const std::string audio = NoiseAudio(10250);
  const Outcome rill = ServerFixture::Stream(audio);
  ASSERT_TRUE(rill.status.ok());
  std::string text;
  for (const v1::Result& result : rill.finals) text += (text.empty() ? "" : " ") + result.text();
  const RivaOutcome streamed = Stream(audio);
  ASSERT_TRUE(streamed.status.ok()) << streamed.status.error_message();
  EXPECT_TRUE(streamed.interims.empty());
  EXPECT_EQ(streamed.Text(), text);
  EXPECT_EQ(streamed.Words(), rill.Words());
  EXPECT_EQ(Stream(audio, 77).Words(), rill.Words());
  EXPECT_EQ(Recognize(audio).Words(), rill.Words());
  EXPECT_EQ(Recognize(audio).Text(), text);
  EXPECT_TRUE(EverythingFreed());
}

TEST_F(RivaStreamingTest, EachMessageOfAudioHasOneResponse) {
  Start();
  const std::string audio = NoiseAudio(5000);
  for (const bool interim_results : {false, true}) {
    for (const size_t bytes : {320, 1599, 3200, 6400, 10240, 32000, 1000000}) {
      const RivaOutcome outcome =
          Stream(audio, bytes, ConfigRequest(SpokenConfig(), interim_results));
      EXPECT_TRUE(outcome.status.ok()) << outcome.status.error_message();
      const size_t messages = (audio.size() + bytes - 1) / bytes;
      EXPECT_GE(outcome.responses.size(), messages) << bytes;
      EXPECT_LE(outcome.responses.size(), messages + 1) << bytes;
      EXPECT_EQ(outcome.finals.size(), 4u);
    }
  }
}

TEST_F(RivaStreamingTest, AClientMayWaitForEachResponse) {
  Start();
  const auto stub = NewStub();
  grpc::ClientContext context;
  const auto call = stub->StreamingRecognize(&context);
  call->Write(ConfigRequest(SpokenConfig(), /*interim_results=*/true));
  asr::StreamingRecognizeResponse response;
  std::string results;
  for (int i = 0; i < 10; ++i) {
    call->Write(AudioRequest(NoiseAudio(160, i)));
    ASSERT_TRUE(call->Read(&response));
    ASSERT_LE(response.results_size(), 1);
    if (response.results().empty()) {
      results += '-';
    } else {
      results += response.results(0).is_final() ? 'f' : 'i';
    }
  }
  // Every second one completes a chunk; the fourth word ends the utterance.
  EXPECT_EQ(results, "-i-i-i-f-i");
  EXPECT_EQ(response.results(0).alternatives(0).transcript().substr(0, 2), " w");
  call->Write(AudioRequest(""));
  ASSERT_TRUE(call->Read(&response));
  EXPECT_EQ(response.results_size(), 0);
  call->WritesDone();
  ASSERT_TRUE(call->Read(&response));
  ASSERT_EQ(response.results_size(), 1);
  EXPECT_TRUE(response.results(0).is_final());
  EXPECT_FALSE(call->Read(&response));
  EXPECT_TRUE(call->Finish().ok());
}

TEST_F(RivaStreamingTest, AnInterimResultIsTheLastOfItsResponse) {
  Start();
  for (const size_t bytes : {3200, 40000}) {
    const RivaOutcome outcome =
        Stream(NoiseAudio(5000), bytes, ConfigRequest(SpokenConfig(), /*interim_results=*/true));
    EXPECT_EQ(outcome.finals.size(), 4u);
    for (const asr::StreamingRecognizeResponse& response : outcome.responses) {
      for (int i = 0; i + 1 < response.results_size(); ++i) {
        EXPECT_TRUE(response.results(i).is_final());
      }
    }
  }
}

TEST_F(RivaStreamingTest, WordTimesComeOnlyIfAskedFor) {
  Start();
  const RivaOutcome outcome = Stream(NoiseAudio(3200), 3200, ConfigRequest({}));
  ASSERT_FALSE(outcome.finals.empty());
  EXPECT_EQ(outcome.finals[0].words_size(), 0);
  EXPECT_THAT(outcome.finals[0].language_code(), ElementsAre("en"));
}

TEST_F(RivaStreamingTest, AnUtteranceEndsWhenTheClientSaysSo) {
  Start();
  asr::StreamingRecognizeRequest ends = AudioRequest(NoiseAudio(100, 2));
  (*ends.mutable_runtime_config())["force_eou"] = "true";
  asr::StreamingRecognizeRequest goes_on = AudioRequest(NoiseAudio(100, 3));
  (*goes_on.mutable_runtime_config())["force_eou"] = "false";
  asr::StreamingRecognizeRequest nothing;
  (*nothing.mutable_runtime_config())["force_eou"] = "true";
  const RivaOutcome outcome =
      Send({ConfigRequest(), AudioRequest(NoiseAudio(400)), ends, goes_on, nothing}, true);
  EXPECT_TRUE(outcome.status.ok()) << outcome.status.error_message();
  EXPECT_EQ(outcome.responses.size(), 4u);
  ASSERT_EQ(outcome.finals.size(), 2u);
  EXPECT_EQ(outcome.finals[0].words(1).end_time(), 500);
  EXPECT_EQ(outcome.finals[1].words(0).end_time(), 600);
}

TEST_F(RivaStreamingTest, TheIdComesBack) {
  Start();
  asr::StreamingRecognizeRequest first = ConfigRequest();
  first.mutable_id()->set_value("mine");
  const RivaOutcome outcome = Stream(NoiseAudio(1000), 3200, first);
  EXPECT_GE(outcome.responses.size(), 10u);
  for (const auto& response : outcome.responses) EXPECT_EQ(response.id().value(), "mine");
  asr::RecognizeRequest request;
  request.mutable_id()->set_value("mine");
  asr::RecognizeResponse response;
  grpc::ClientContext context;
  EXPECT_TRUE(NewStub()->Recognize(&context, request, &response).ok());
  EXPECT_EQ(response.id().value(), "mine");
  first.mutable_id()->set_value(std::string(2000, 'x'));
  ExpectError(Send({first}).status, grpc::StatusCode::INVALID_ARGUMENT, "id.value");
}

TEST_F(RivaStreamingTest, TheLastResultOfARecordingHasItsLength) {
  Start();
  asr::RecognizeRequest request;
  *request.mutable_config() = SpokenConfig();
  request.set_audio(NoiseAudio(2571));
  asr::RecognizeResponse response;
  grpc::ClientContext context;
  ASSERT_TRUE(NewStub()->Recognize(&context, request, &response).ok());
  ASSERT_EQ(response.results_size(), 3);
  EXPECT_FLOAT_EQ(response.results(0).audio_processed(), 1.28f);
  EXPECT_FLOAT_EQ(response.results(2).audio_processed(), 2.571f);
}

TEST_F(RivaStreamingTest, NoAudioIsNoResultAndNoError) {
  Start();
  const RivaOutcome outcome = Stream("");
  EXPECT_TRUE(outcome.status.ok()) << outcome.status.error_message();
  EXPECT_TRUE(outcome.responses.empty());
  EXPECT_TRUE(Recognize("").status.ok());
  EXPECT_TRUE(EverythingFreed());
}

TEST_F(RivaStreamingTest, RequestsOutOfOrderAreRefused) {
  Start();
  const auto audio = AudioRequest(NoiseAudio(100));
  constexpr auto kInvalid = grpc::StatusCode::INVALID_ARGUMENT;
  ExpectError(Send({audio}).status, kInvalid, "streaming_config: must be the first");
  ExpectError(Send({{}}).status, kInvalid, "streaming_config: must be the first");
  ExpectError(Send({}, true).status, kInvalid, "streaming_config: the stream ended without");
  ExpectError(Send({ConfigRequest(), audio, ConfigRequest()}).status, kInvalid,
              "streaming_config: sent twice");
  ExpectError(Send({ConfigRequest(), {}}).status, kInvalid, "streaming_request: empty");
  asr::StreamingRecognizeRequest runtime = audio;
  (*runtime.mutable_runtime_config())["force_eou"] = "perhaps";
  ExpectError(Send({ConfigRequest(), runtime}).status, kInvalid, "runtime_config.force_eou");
  (*runtime.mutable_runtime_config())["other"] = "true";
  ExpectError(Send({ConfigRequest(), runtime}).status, kInvalid, "runtime_config");
}

TEST_F(RivaStreamingTest, BadConfigurationsNameTheField) {
  Start();
  asr::RecognitionConfig config = SpokenConfig();
  config.set_audio_channel_count(2);
  constexpr auto kInvalid = grpc::StatusCode::INVALID_ARGUMENT;
  ExpectError(Send({ConfigRequest(config)}).status, kInvalid,
              "streaming_config.config.audio_channel_count");
  ExpectError(Recognize("", config).status, kInvalid, "config.audio_channel_count");
  EXPECT_EQ(fake().opened, 0);
}

TEST_F(RivaStreamingTest, AudioAtFaultEndsTheStreamAfterItsWords) {
  Start();
  const RivaOutcome outcome = Send(
      {ConfigRequest(), AudioRequest(NoiseAudio(500)), AudioRequest(std::string(1, kFakeBadByte))});
  EXPECT_EQ(outcome.finals.size(), 1u);
  ExpectError(outcome.status, grpc::StatusCode::INVALID_ARGUMENT, "audio: not audio");
}

TEST_F(RivaStreamingTest, ACancelledCallLeavesNothing) {
  Start();
  const auto stub = NewStub();
  grpc::ClientContext context;
  const auto call = stub->StreamingRecognize(&context);
  call->Write(ConfigRequest());
  call->Write(AudioRequest(NoiseAudio(1000)));
  asr::StreamingRecognizeResponse response;
  EXPECT_TRUE(call->Read(&response));
  context.TryCancel();
  while (call->Read(&response)) {
  }
  EXPECT_EQ(call->Finish().error_code(), grpc::StatusCode::CANCELLED);
  EXPECT_TRUE(EverythingFreed());
}

TEST_F(RivaStreamingTest, TheSameLimitsHold) {
  ServerOptions options = FewThreads();
  options.max_streams = 1;
  Start(options);
  const auto stub = NewStub();
  grpc::ClientContext context;
  const auto call = stub->StreamingRecognize(&context);
  call->Write(ConfigRequest());
  call->Write(AudioRequest(NoiseAudio(320)));
  asr::StreamingRecognizeResponse response;
  ASSERT_TRUE(call->Read(&response));
  const RivaOutcome refused = Send({ConfigRequest()});
  EXPECT_EQ(refused.status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_FALSE(refused.status.error_details().empty()) << "when to try again";
  EXPECT_EQ(Recognize("").status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  context.TryCancel();
  EXPECT_TRUE(EverythingFreed());
}

TEST_F(RivaStreamingTest, EveryMethodWantsAToken) {
  TemporaryFolder folder;
  ServerOptions options = FewThreads();
  options.token_file = folder / "tokens";
  ReplaceFile(options.token_file, TokenLine("alice", "secret", 0) + "\n");
  Start(options);
  grpc::Status listed;
  List("", &listed);
  for (const grpc::Status& status :
       {Send({ConfigRequest()}).status, Recognize("").status, listed}) {
    EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAUTHENTICATED) << status.error_message();
  }
}

TEST_F(RivaStreamingTest, ListsEachModelForLiveAudioAndForRecordings) {
  Start();
  grpc::Status status;
  for (const char* name : {"", "fake"}) {
    const auto listed = List(name, &status);
    ASSERT_TRUE(status.ok()) << status.error_message();
    ASSERT_EQ(listed.size(), 2u);
    for (const auto& config : listed) {
      EXPECT_EQ(config.model_name(), "fake");
      EXPECT_EQ(config.parameters().at("language_code"), "en");
    }
    EXPECT_EQ(listed[0].parameters().at("type"), "online");
    EXPECT_EQ(listed[1].parameters().at("type"), "offline");
  }
  List("other", &status);
  ExpectError(status, grpc::StatusCode::NOT_FOUND, "model_name: this server has: fake");
}

TEST_F(RivaStreamingTest, OneModelGoesByAnyName) {
  Start();
  asr::RecognitionConfig config = SpokenConfig();
  for (const char* name : {"fake", "parakeet-1.1b-en-US-asr-streaming"}) {
    config.set_model(name);
    EXPECT_TRUE(Recognize("", config).status.ok()) << name;
  }
}

TEST_F(RivaStreamingTest, SeveralModelsAreToldApart) {
  const ServerOptions options = FewThreads();
  const auto control = std::make_shared<FakeControl>();
  std::vector<ServedModel> models;
  for (const auto& [name, language] :
       {std::pair("one", "en"), std::pair("two", "en-GB"), std::pair("drei", "de")}) {
    ServedModel model;
    model.info.name = name;
    model.info.language = language;
    model.engine =
        *Engine::Create(std::make_unique<FakeRecognizer>(control), ToEngineOptions(options));
    models.push_back(std::move(model));
  }
  StartWith(options, std::move(models));
  const auto with = [&](const char* model, const char* language) {
    asr::RecognitionConfig config;
    config.set_model(model);
    config.set_language_code(language);
    const RivaOutcome outcome = Recognize(NoiseAudio(320), config);
    if (!outcome.status.ok()) return outcome.status.error_message();
    return outcome.finals.at(0).language_code(0);
  };
  EXPECT_EQ(with("", ""), "en");
  EXPECT_EQ(with("two", ""), "en-GB");
  EXPECT_EQ(with("", "de-AT"), "de-AT");
  EXPECT_EQ(with("parakeet", "de-AT"), "de-AT");
  EXPECT_THAT(with("parakeet", "en-US"), HasSubstr("config.model: no model 'parakeet'"));
  EXPECT_THAT(with("two", "de-DE"), HasSubstr("config.language_code"));
  EXPECT_THAT(with("", "fr-FR"), HasSubstr("config.language_code"));
}

TEST_F(RivaStreamingTest, HealthKnowsTheService) {
  Start();
  const auto health = grpc::health::v1::Health::NewStub(NewChannel());
  grpc::health::v1::HealthCheckRequest request;
  request.set_service("nvidia.riva.asr.RivaSpeechRecognition");
  grpc::health::v1::HealthCheckResponse response;
  grpc::ClientContext context;
  ASSERT_TRUE(health->Check(&context, request, &response).ok());
  EXPECT_EQ(response.status(), grpc::health::v1::HealthCheckResponse::SERVING);
}

}  // namespace
}  // namespace rill::server::riva
