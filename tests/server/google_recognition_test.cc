// Clients of Google on the real recogniser, with a tiny model of random weights: babble, but always
// the same babble.
#include <gmock/gmock.h>

#include <random>

#include "tests/server/google_fixture.h"
#include "tests/server/on_test_model.h"
#include "tests/server/wav_file.h"

namespace rill::server::google_speech {
namespace {

using testing::HasSubstr;

class GoogleRecognitionTest : public OnTestModel<GoogleFixture> {
 protected:
  static speech::RecognitionConfig NoFormat() {
    speech::RecognitionConfig config = SpeechConfig();
    config.clear_encoding();
    config.clear_sample_rate_hertz();
    return config;
  }
};

TEST_F(GoogleRecognitionTest, TheResultsAreThoseOfRill) {
  const std::string audio = NoiseAudio(12345);
  const v1::StreamingConfig written = WrittenConfig();
  const Outcome rill = ServerFixture::Stream(audio, 3200, &written);
  ASSERT_TRUE(rill.status.ok()) << rill.status.error_message();
  ASSERT_NE(rill.Words(), "");
  EXPECT_EQ(Stream(audio).Words(), rill.Words());
  EXPECT_EQ(Recognize(audio).Words(), rill.Words());
}

TEST_F(GoogleRecognitionTest, FilesAreRecognisedByTheirHeader) {
  const std::string samples = NoiseAudio(3000);
  const std::string words = Stream(samples).Words();
  ASSERT_NE(words, "");
  const std::string wav = Wav(samples, 16000);
  speech::RecognitionConfig no_rate = SpeechConfig();
  no_rate.clear_sample_rate_hertz();
  speech::RecognitionConfig other_rate = SpeechConfig();
  other_rate.set_sample_rate_hertz(8000);
  for (const speech::RecognitionConfig& config :
       {NoFormat(), no_rate, other_rate, SpeechConfig()}) {
    for (const size_t bytes : {1, 3, 3200}) {
      EXPECT_EQ(Stream(wav, bytes, ConfigRequest(config)).Words(), words) << bytes;
    }
    EXPECT_EQ(Recognize(wav, config).Words(), words);
  }
  EXPECT_NE(Recognize(samples, other_rate).Words(), words);
}

TEST_F(GoogleRecognitionTest, ChannelsAreMixed) {
  const std::string samples = NoiseAudio(3000);
  std::string stereo;
  for (size_t i = 0; i < samples.size(); i += 2) {
    stereo += samples.substr(i, 2) + samples.substr(i, 2);
  }
  speech::RecognitionConfig config = SpeechConfig();
  config.set_audio_channel_count(2);
  EXPECT_EQ(Recognize(stereo, config).Words(), Recognize(samples).Words());
  EXPECT_EQ(Recognize(Wav(stereo, 16000, 2), config).Words(), Recognize(samples).Words());
}

TEST_F(GoogleRecognitionTest, AudioThatIsNotAsAnnouncedIsAnError) {
  for (const auto& [audio, config] :
       {std::pair("OggS" + NoiseAudio(1000), SpeechConfig()), {NoiseAudio(1000), NoFormat()}}) {
    for (const grpc::Status& status :
         {Recognize(audio, config).status, Stream(audio, 3200, ConfigRequest(config)).status}) {
      EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
      EXPECT_THAT(status.error_message(), HasSubstr("audio: "));
    }
  }
}

TEST_F(GoogleRecognitionTest, PhrasesChangeWhatIsHeard) {
  const std::string audio = NoiseAudio(3000);
  const auto count = [](const std::string& text) {
    int found = 0;
    for (size_t at = 0; (at = text.find("qz", at)) != std::string::npos; ++at) ++found;
    return found;
  };
  speech::RecognitionConfig config = SpeechConfig();
  config.add_speech_contexts()->add_phrases("anna");
  const int without = count(Stream(audio, 3200, ConfigRequest(config)).Text());

  speech::RecognitionConfig context = config;
  context.add_speech_contexts()->add_phrases("qz");
  context.mutable_speech_contexts(1)->set_boost(20);
  EXPECT_GT(count(Stream(audio, 3200, ConfigRequest(context)).Text()), without);
  EXPECT_GT(count(Recognize(audio, context).Text()), without);

  speech::PhraseSet& set = *config.mutable_adaptation()->add_phrase_sets();
  set.set_boost(20);
  set.add_phrases()->set_value("qz");
  EXPECT_GT(count(Stream(audio, 3200, ConfigRequest(config)).Text()), without);

  set.add_phrases()->set_value("${classes}");
  grpc::Status status = Send({ConfigRequest(config)}).status;
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(),
              HasSubstr("streaming_config.config.adaptation.phrase_sets[0].phrases[1].value: "));

  config.clear_speech_contexts();
  for (int i = 0; i < kMaxHotWords; ++i) set.add_phrases()->set_value("anna");
  status = Recognize(audio, config).status;
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("config.adaptation.phrase_sets"));
}

TEST_F(GoogleRecognitionTest, ABeamHasAlternatives) {
  speech::RecognizeRequest request;
  *request.mutable_config() = SpeechConfig();
  request.mutable_config()->set_max_alternatives(3);
  request.mutable_config()->add_speech_contexts()->add_phrases("anna");
  request.mutable_audio()->set_content(NoiseAudio(3000));
  speech::RecognizeResponse response;
  grpc::ClientContext context;
  const grpc::Status status = NewStub()->Recognize(&context, request, &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  ASSERT_GE(response.results_size(), 1);
  ASSERT_EQ(response.results(0).alternatives_size(), 3);
  EXPECT_NE(response.results(0).alternatives(1).transcript(),
            response.results(0).alternatives(0).transcript());
}

TEST_F(GoogleRecognitionTest, AnyBytesEndInWordsOrAnError) {
  std::mt19937 random(1);
  for (int i = 0; i < 50; ++i) {
    speech::StreamingRecognizeRequest first = ConfigRequest();
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
}  // namespace rill::server::google_speech
