// The server on the real recogniser, with a tiny model of random weights: babble, but always the
// same babble.
#include <gmock/gmock.h>

#include <thread>

#include "tests/server/on_test_model.h"
#include "tests/server/server_fixture.h"

namespace rill::server {
namespace {

class RecognitionTest : public OnTestModel<ServerFixture> {};

TEST_F(RecognitionTest, AllMethodsGiveTheSameResults) {
  const std::string audio = NoiseAudio(12345);
  const Outcome streamed = Stream(audio);
  ASSERT_TRUE(streamed.status.ok()) << streamed.status.error_message();
  ASSERT_FALSE(streamed.finals.empty());
  EXPECT_FALSE(streamed.finals[0].text().empty());
  EXPECT_EQ(Stream(audio, 77).Transcript(), streamed.Transcript());
  EXPECT_EQ(Transcribe(audio).Transcript(), streamed.Transcript());
  EXPECT_EQ(Recognize(audio).Transcript(), streamed.Transcript());
}

TEST_F(RecognitionTest, ABeamHasAlternatives) {
  v1::RecognizeRequest request;
  *request.mutable_config() = Linear16Config();
  request.mutable_config()->mutable_decoding()->set_method(v1::DecodingConfig::BEAM);
  request.mutable_config()->set_alternatives(3);
  request.mutable_config()->set_word_times(true);
  request.set_audio(NoiseAudio(3000));
  grpc::ClientContext context;
  v1::RecognizeResponse response;
  const grpc::Status status = stub().Recognize(&context, request, &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  ASSERT_GE(response.results_size(), 1);
  const v1::Result& result = response.results(0);
  ASSERT_EQ(result.alternatives_size(), 3);
  EXPECT_NE(result.alternatives(0).text(), result.text());
  EXPECT_GT(result.alternatives(0).words_size(), 0);
}

TEST_F(RecognitionTest, HotWordsChangeWhatIsHeard) {
  v1::StreamingRecognizeRequest config = ConfigRequest(), hot_words;
  config.mutable_config()->mutable_recognition()->mutable_decoding()->set_method(
      v1::DecodingConfig::BEAM);
  v1::HotWord& word = *hot_words.mutable_hot_words()->add_hot_words();
  word.set_phrase("qz");
  word.set_boost(20);
  const auto audio = AudioRequest(NoiseAudio(3000));
  const auto count = [](const std::string& text) {
    int found = 0;
    for (size_t at = 0; (at = text.find("qz", at)) != std::string::npos; ++at) ++found;
    return found;
  };
  const Outcome without = Send({config, audio}, /*half_close=*/true);
  const Outcome with = Send({config, hot_words, audio}, /*half_close=*/true);
  ASSERT_TRUE(with.status.ok()) << with.status.error_message();
  EXPECT_GT(count(with.Transcript()), count(without.Transcript()));

  word.set_phrase("7");
  const Outcome wrong = Send({config, audio, hot_words});
  EXPECT_EQ(wrong.status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(wrong.status.error_message(), testing::HasSubstr("hot_words[0]"));
}

TEST_F(RecognitionTest, ManyAtOnceGetTheirOwnResultsToTheBit) {
  constexpr int kStreams = 32;
  const auto audio = [](int i) { return NoiseAudio(3000 + 37 * i, 100 + i); };
  std::vector<std::string> alone(kStreams), together(kStreams);
  for (int i = 0; i < kStreams; ++i) alone[i] = Stream(audio(i)).Transcript();
  std::vector<std::thread> clients;
  for (int i = 0; i < kStreams; ++i) {
    clients.emplace_back([&, i] { together[i] = Stream(audio(i), 1600 + 64 * i).Transcript(); });
  }
  for (std::thread& client : clients) client.join();
  for (int i = 0; i < kStreams; ++i) EXPECT_EQ(together[i], alone[i]) << "stream " << i;
}

TEST_F(RecognitionTest, ListsWhatTheModelFileSays) {
  grpc::ClientContext context;
  v1::ListModelsResponse response;
  ASSERT_TRUE(stub().ListModels(&context, {}, &response).ok());
  ASSERT_EQ(response.models_size(), 1);
  EXPECT_EQ(response.models(0).name(), "test-model");
  EXPECT_EQ(response.models(0).hash().size(), 64u);
  EXPECT_GT(response.models(0).parameters(), 1000);
  EXPECT_GT(response.models(0).state_bytes_per_stream(), 1000);
}

TEST_F(RecognitionTest, AudioThatIsNoneIsAnError) {
  grpc::ClientContext context;
  v1::RecognizeRequest request;
  request.set_audio(std::string(5000, 'x'));
  v1::RecognizeResponse response;
  const grpc::Status status = stub().Recognize(&context, request, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), testing::HasSubstr("audio"));
}

TEST_F(RecognitionTest, FlushInMidWordLosesNothing) {
  const std::string audio = NoiseAudio(6000);
  grpc::ClientContext context;
  const auto call = stub().StreamingRecognize(&context);
  call->Write(ConfigRequest());
  for (int i = 0; i < 10; ++i) {
    call->Write(AudioRequest(audio.substr(i * 19200, 19200)));
    v1::StreamingRecognizeRequest flush;
    flush.mutable_flush()->set_id(i);
    call->Write(flush);
  }
  call->WritesDone();
  Outcome outcome;
  ReadAll(call.get(), &outcome);
  EXPECT_TRUE(outcome.status.ok()) << outcome.status.error_message();
  uint64_t flushes = 0;
  for (const auto& response : outcome.responses) {
    if (response.response_case() == v1::StreamingRecognizeResponse::kFlushed) {
      EXPECT_EQ(response.flushed(), flushes++);
    }
  }
  EXPECT_EQ(flushes, 10u);
  int64_t end = 0;
  for (const v1::Result& result : outcome.finals) {
    EXPECT_GE(result.start_ms(), end);
    end = result.end_ms();
  }
}

}  // namespace
}  // namespace rill::server
