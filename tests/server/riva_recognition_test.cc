// Clients of Riva on the real recogniser, with a tiny model of random weights: babble, but always
// the same babble.
#include <gmock/gmock.h>

#include <random>

#include "tests/server/on_test_model.h"
#include "tests/server/riva_fixture.h"
#include "tests/server/wav_file.h"

namespace rill::server::riva {
namespace {

using testing::HasSubstr;

class RivaRecognitionTest : public OnTestModel<RivaFixture> {};

TEST_F(RivaRecognitionTest, TheResultsAreThoseOfRill) {
  const std::string audio = NoiseAudio(12345);
  const Outcome rill = ServerFixture::Stream(audio);
  ASSERT_TRUE(rill.status.ok()) << rill.status.error_message();
  ASSERT_NE(rill.Words(), "");
  EXPECT_EQ(Stream(audio).Words(), rill.Words());
  EXPECT_EQ(Recognize(audio).Words(), rill.Words());
}

TEST_F(RivaRecognitionTest, FilesAreRecognisedByTheirHeader) {
  const std::string samples = NoiseAudio(3000);
  const std::string words = Stream(samples).Words();
  ASSERT_NE(words, "");
  asr::RecognitionConfig announced = SpokenConfig();
  announced.set_encoding(nvidia::riva::LINEAR_PCM);
  announced.set_sample_rate_hertz(16000);
  announced.set_audio_channel_count(1);
  EXPECT_EQ(Stream(samples, 3200, ConfigRequest(announced)).Words(), words);
  const std::string wav = Wav(samples, 16000);
  for (const asr::RecognitionConfig& config : {SpokenConfig(), announced}) {
    for (const size_t bytes : {1, 3, 3200}) {
      EXPECT_EQ(Stream(wav, bytes, ConfigRequest(config)).Words(), words) << bytes;
    }
    EXPECT_EQ(Recognize(wav, config).Words(), words);
  }
  // The header's rate counts.
  announced.set_sample_rate_hertz(8000);
  EXPECT_EQ(Recognize(wav, announced).Words(), words);
  EXPECT_NE(Recognize(samples, announced).Words(), words);
}

TEST_F(RivaRecognitionTest, OggIsAnErrorAndNotNoise) {
  const grpc::Status status = Recognize("OggS" + NoiseAudio(1000)).status;
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("Ogg"));
}

TEST_F(RivaRecognitionTest, SpeechContextsChangeWhatIsHeard) {
  const std::string audio = NoiseAudio(3000);
  const auto count = [](const std::string& text) {
    int found = 0;
    for (size_t at = 0; (at = text.find("qz", at)) != std::string::npos; ++at) ++found;
    return found;
  };
  asr::RecognitionConfig config = SpokenConfig();
  config.add_speech_contexts()->add_phrases("anna");
  const int without = count(Stream(audio, 3200, ConfigRequest(config)).Text());
  asr::SpeechContext& context = *config.add_speech_contexts();
  context.add_phrases("qz");
  context.set_boost(20);
  EXPECT_GT(count(Stream(audio, 3200, ConfigRequest(config)).Text()), without);
  EXPECT_GT(count(Recognize(audio, config).Text()), without);

  context.add_phrases("7");
  const grpc::Status status = Send({ConfigRequest(config)}).status;
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(),
              HasSubstr("streaming_config.config.speech_contexts[1].phrases[1]"));
}

TEST_F(RivaRecognitionTest, ABeamHasAlternatives) {
  asr::RecognizeRequest request;
  request.mutable_config()->set_max_alternatives(3);
  request.mutable_config()->set_verbatim_transcripts(true);
  request.mutable_config()->add_speech_contexts()->add_phrases("anna");
  request.set_audio(NoiseAudio(3000));
  asr::RecognizeResponse response;
  grpc::ClientContext context;
  const grpc::Status status = NewStub()->Recognize(&context, request, &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  ASSERT_GE(response.results_size(), 1);
  ASSERT_EQ(response.results(0).alternatives_size(), 3);
  EXPECT_NE(response.results(0).alternatives(1).transcript(),
            response.results(0).alternatives(0).transcript());
}

TEST_F(RivaRecognitionTest, AnyBytesEndInWordsOrAnError) {
  std::mt19937 random(1);
  for (int i = 0; i < 50; ++i) {
    asr::StreamingRecognizeRequest first = ConfigRequest();
    std::string bytes = first.SerializeAsString();
    for (int changes = 0; changes < 3; ++changes) {
      bytes.insert(random() % (bytes.size() + 1), 1, static_cast<char>(random()));
    }
    if (!first.ParseFromString(bytes)) continue;
    std::string audio = Wav(NoiseAudio(200, i), 16000);
    audio[random() % 44] = static_cast<char>(random());
    Send({first, AudioRequest(audio)}, /*half_close=*/true);
    Recognize(audio, first.streaming_config().config());
  }
  EXPECT_TRUE(EverythingFreed());
  EXPECT_TRUE(Stream(NoiseAudio(1000)).status.ok());
}

}  // namespace
}  // namespace rill::server::riva
