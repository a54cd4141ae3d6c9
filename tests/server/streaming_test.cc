// The methods of rill.v1 on a server that is well treated.
#include <gmock/gmock.h>

#include <thread>

#include "tests/server/server_fixture.h"

namespace rill::server {
namespace {

using StreamingTest = ServerFixture;
using testing::Each;
using testing::Not;

TEST_F(StreamingTest, AllMethodsGiveTheSameResults) {
  Start();
  const std::string audio = NoiseAudio(10250);
  const Outcome streamed = Stream(audio);
  ASSERT_TRUE(streamed.status.ok()) << streamed.status.error_message();
  EXPECT_EQ(streamed.finals.size(), 9u);  // 33 words, 4 a final
  EXPECT_TRUE(streamed.interims.empty());
  EXPECT_EQ(streamed.finals.back().end_ms(), 10250);
  EXPECT_EQ(streamed.responses.back().processed_ms(), 10250);
  for (const size_t piece : {1u, 7u, 100000u}) {
    if (piece == 1) {
      const std::string beginning = audio.substr(0, 40000);
      EXPECT_EQ(Stream(beginning, 1).Transcript(), Stream(beginning).Transcript());
    } else {
      EXPECT_EQ(Stream(audio, piece).Transcript(), streamed.Transcript());
    }
  }
  EXPECT_EQ(Transcribe(audio).Transcript(), streamed.Transcript());
  EXPECT_EQ(Recognize(audio).Transcript(), streamed.Transcript());
  EXPECT_TRUE(EverythingFreed());
}

TEST_F(StreamingTest, StartsWithTheStreamsNameModelAndChunk) {
  Start();
  const Outcome outcome = Stream(NoiseAudio(400));
  ASSERT_FALSE(outcome.responses.empty());
  const v1::StreamStarted& started = outcome.responses.front().started();
  EXPECT_FALSE(started.stream_id().empty());
  EXPECT_EQ(started.model(), "fake");
  EXPECT_EQ(started.chunk_ms(), 320);
}

TEST_F(StreamingTest, NoAudioIsNoResultAndNoError) {
  Start();
  const Outcome outcome = Stream("");
  EXPECT_TRUE(outcome.status.ok()) << outcome.status.error_message();
  EXPECT_TRUE(outcome.finals.empty());
  EXPECT_TRUE(Recognize("").status.ok());
  EXPECT_TRUE(Transcribe("").status.ok());
}

TEST_F(StreamingTest, InterimsComeOnlyIfAskedFor) {
  Start();
  v1::StreamingConfig config = ConfigRequest(/*interim_results=*/true).config();
  config.mutable_recognition()->mutable_endpoint()->set_enabled(false);
  const Outcome outcome = Stream(NoiseAudio(3200), 3200, &config);
  EXPECT_FALSE(outcome.interims.empty());
  EXPECT_THAT(outcome.interims, Each(testing::Property(&v1::Result::words_size, 0)));
  ASSERT_EQ(outcome.finals.size(), 1u);
  EXPECT_EQ(outcome.finals[0].words_size(), 10);
}

TEST_F(StreamingTest, ChunkAndWordTimesAreTheClients) {
  Start();
  v1::StreamingConfig config = ConfigRequest().config();
  config.mutable_recognition()->set_chunk_ms(640);
  config.mutable_recognition()->set_word_times(false);
  const Outcome outcome = Stream(NoiseAudio(6400), 3200, &config);
  EXPECT_EQ(outcome.responses.front().started().chunk_ms(), 640);
  ASSERT_EQ(outcome.finals.size(), 3u);
  EXPECT_EQ(outcome.finals[0].end_ms(), 4 * 640);
  EXPECT_EQ(outcome.finals[0].words_size(), 0);
}

TEST_F(StreamingTest, FlushMakesWhatCameFinalAndSaysSo) {
  Start();
  grpc::ClientContext context;
  const auto call = stub().StreamingRecognize(&context);
  call->Write(ConfigRequest());
  call->Write(AudioRequest(NoiseAudio(500)));
  v1::StreamingRecognizeRequest flush;
  flush.mutable_flush()->set_id(77);
  call->Write(flush);
  v1::StreamingRecognizeResponse response;
  ASSERT_TRUE(call->Read(&response));  // started
  ASSERT_TRUE(call->Read(&response));
  EXPECT_TRUE(response.result().is_final());
  EXPECT_EQ(response.result().end_ms(), 500);
  ASSERT_TRUE(call->Read(&response));
  EXPECT_EQ(response.flushed(), 77u);
  // The stream goes on.
  call->Write(AudioRequest(NoiseAudio(500)));
  v1::StreamingRecognizeRequest end;
  end.mutable_end();
  call->Write(end);
  ASSERT_TRUE(call->Read(&response));
  EXPECT_EQ(response.result().start_ms(), 500);
  EXPECT_EQ(response.result().end_ms(), 1000);
  EXPECT_FALSE(call->Read(&response));  // without the client's half-close
  EXPECT_TRUE(call->Finish().ok());
}

TEST_F(StreamingTest, ASingleUtteranceEndsTheCallThoughTheClientGoesOn) {
  Start();
  v1::StreamingRecognizeRequest config = ConfigRequest();
  config.mutable_config()->set_single_utterance(true);
  const Outcome outcome = Send({config, AudioRequest(NoiseAudio(10000))});
  EXPECT_TRUE(outcome.status.ok()) << outcome.status.error_message();
  ASSERT_EQ(outcome.finals.size(), 1u);
  EXPECT_EQ(outcome.finals[0].end_ms(), 1280);  // four words
  EXPECT_TRUE(EverythingFreed());
}

TEST_F(StreamingTest, SpeechEventsComeIfAskedFor) {
  Start();
  v1::StreamingRecognizeRequest config = ConfigRequest();
  config.mutable_config()->set_speech_events(true);
  const Outcome outcome = Send({config, AudioRequest(NoiseAudio(2560))}, /*half_close=*/true);
  EXPECT_TRUE(outcome.status.ok()) << outcome.status.error_message();
  std::vector<int64_t> starts;
  std::vector<int64_t> ends;
  for (const v1::StreamingRecognizeResponse& response : outcome.responses) {
    if (!response.has_speech_event()) continue;
    const bool start = response.speech_event().type() == v1::SpeechEvent::SPEECH_START;
    (start ? starts : ends).push_back(response.speech_event().time_ms());
  }
  EXPECT_THAT(starts, testing::ElementsAre(0, 1280));
  EXPECT_THAT(ends, testing::ElementsAre(1280, 2560));
}

TEST_F(StreamingTest, ProgressAnswersEveryStep) {
  Start();
  v1::StreamingConfig config = ConfigRequest().config();
  config.set_progress(true);
  grpc::ClientContext context;
  const auto call = stub().StreamingRecognize(&context);
  v1::StreamingRecognizeRequest request;
  *request.mutable_config() = config;
  call->Write(request);
  v1::StreamingRecognizeResponse response;
  ASSERT_TRUE(call->Read(&response));  // started
  for (int chunk = 1; chunk <= 3; ++chunk) {
    call->Write(AudioRequest(NoiseAudio(320)));
    ASSERT_TRUE(call->Read(&response));
    EXPECT_EQ(response.response_case(), v1::StreamingRecognizeResponse::RESPONSE_NOT_SET);
    EXPECT_EQ(response.processed_ms(), chunk * 320);
  }
  call->WritesDone();
  Outcome rest;
  ReadAll(call.get(), &rest);
  EXPECT_EQ(rest.finals.size(), 1u);
}

TEST_F(StreamingTest, FeaturesInsteadOfAudio) {
  Start();
  grpc::ClientContext context;
  const auto call = stub().StreamingRecognize(&context);
  v1::StreamingRecognizeRequest request;
  request.mutable_config()->set_features(true);
  call->Write(request);
  request.mutable_features()->set_data(std::string(320 * 100, 'a'));
  call->Write(request);
  call->WritesDone();
  Outcome outcome;
  ReadAll(call.get(), &outcome);
  EXPECT_TRUE(outcome.status.ok()) << outcome.status.error_message();
  EXPECT_EQ(outcome.finals.size(), 1u);
}

TEST_F(StreamingTest, TranscribeEndsWithAllOfItProcessed) {
  Start();
  grpc::ClientContext context;
  const auto call = stub().Transcribe(&context);
  v1::TranscribeRequest request;
  *request.mutable_config() = Linear16Config();
  call->Write(request);
  request.set_audio(NoiseAudio(5000));
  call->Write(request);
  call->WritesDone();
  v1::TranscribeResponse response, last;
  while (call->Read(&response)) last = response;
  EXPECT_TRUE(call->Finish().ok());
  EXPECT_EQ(last.progress().received_ms(), 5000);
  EXPECT_EQ(last.progress().processed_ms(), 5000);
}

TEST_F(StreamingTest, ListsTheModels) {
  Start();
  grpc::ClientContext context;
  v1::ListModelsResponse response;
  ASSERT_TRUE(stub().ListModels(&context, {}, &response).ok());
  ASSERT_EQ(response.models_size(), 1);
  EXPECT_EQ(response.models(0).name(), "fake");
  EXPECT_TRUE(response.models(0).is_default());
  EXPECT_THAT(response.models(0).chunk_ms(), testing::ElementsAre(40, 80, 160, 320, 640));
}

TEST_F(StreamingTest, ManyAtOnceGetTheirOwnResults) {
  Start();
  constexpr int kStreams = 32;
  std::vector<std::string> alone(kStreams), together(kStreams);
  const auto audio = [](int i) { return NoiseAudio(2000 + 37 * i, 100 + i); };
  for (int i = 0; i < kStreams; ++i) alone[i] = Stream(audio(i)).Transcript();
  fake().CloseGate();  // so that they meet in batches
  std::vector<std::thread> clients;
  for (int i = 0; i < kStreams; ++i) {
    clients.emplace_back([&, i] { together[i] = Stream(audio(i)).Transcript(); });
  }
  EXPECT_TRUE(Eventually([this] { return fake().live_streams == kStreams; }));
  fake().OpenGate();
  for (std::thread& client : clients) client.join();
  for (int i = 0; i < kStreams; ++i) EXPECT_EQ(together[i], alone[i]) << "stream " << i;
  EXPECT_GT(fake().largest_batch, 1);
  EXPECT_TRUE(EverythingFreed());
}

}  // namespace
}  // namespace rill::server
