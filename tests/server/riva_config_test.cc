// What becomes of each field of a Riva client's configuration.
#include <gmock/gmock.h>

#include <cmath>
#include <functional>

#include "server/services/riva/config.h"

namespace rill::server::riva {
namespace {

using testing::HasSubstr;
using Config = asr::RecognitionConfig;

constexpr char kWhere[] = "config";

ModelInfo English() {
  ModelInfo model;
  model.name = "english";
  model.language = "en";
  return model;
}

struct Asked {
  absl::StatusOr<StreamOptions> options;
  ResultStyle style;
};

Asked Ask(const Config& config, const ModelInfo& model = English(),
          DecoderOptions::Kind decoder = DecoderOptions::Kind::kBeam) {
  Asked asked;
  asked.options = ToStreamOptions(config, kWhere, model, {160, decoder}, &asked.style);
  return asked;
}

Asked AskWith(const std::function<void(Config*)>& change) {
  Config config;
  change(&config);
  return Ask(config);
}

TEST(RivaConfigTest, NothingSetIsLiveEnglishAsItIsWritten) {
  const Asked asked = Ask({});
  ASSERT_TRUE(asked.options.ok()) << asked.options.status();
  EXPECT_TRUE(asked.options->Validate().ok());
  EXPECT_EQ(asked.options->audio.encoding, AudioEncoding::kLinear16);
  EXPECT_EQ(asked.options->audio.sample_rate, 16000);
  EXPECT_TRUE(asked.options->audio.may_have_header);
  EXPECT_EQ(asked.options->chunk_frames, 4);
  EXPECT_EQ(asked.options->decoder.kind, DecoderOptions::Kind::kBeam);
  EXPECT_EQ(asked.options->decoder.alternatives, 0);
  EXPECT_EQ(asked.options->endpoint.silence_after_words_ms, EndpointRules{}.silence_after_words_ms);
  EXPECT_TRUE(asked.style.format.inverse_text_normalization);
  EXPECT_FALSE(asked.style.format.word_times);
  EXPECT_FALSE(asked.style.format.mask_profanity);
  EXPECT_EQ(asked.style.language, "en");
}

TEST(RivaConfigTest, WhatIsAskedForIsGiven) {
  Config config;
  config.set_encoding(nvidia::riva::MULAW);
  config.set_sample_rate_hertz(8000);
  config.set_audio_channel_count(1);
  config.set_language_code("en-US");
  config.set_max_alternatives(3);
  config.set_profanity_filter(true);
  config.set_enable_word_time_offsets(true);
  config.set_verbatim_transcripts(true);
  config.mutable_endpointing_config()->set_stop_history(800);
  config.mutable_endpointing_config()->set_stop_history_eou(240);
  const Asked asked = Ask(config);
  ASSERT_TRUE(asked.options.ok()) << asked.options.status();
  EXPECT_EQ(asked.options->audio.encoding, AudioEncoding::kMuLaw);
  EXPECT_EQ(asked.options->audio.sample_rate, 8000);
  EXPECT_EQ(asked.options->decoder.alternatives, 2);
  EXPECT_EQ(asked.options->endpoint.silence_after_words_ms, 800);
  EXPECT_FALSE(asked.style.format.inverse_text_normalization);
  EXPECT_TRUE(asked.style.format.word_times);
  EXPECT_TRUE(asked.style.format.mask_profanity);
  EXPECT_EQ(asked.style.alternatives, 3);
  EXPECT_EQ(asked.style.pause_ms, 240);
  EXPECT_EQ(asked.style.language, "en-US");
}

TEST(RivaConfigTest, WhatClientsSetWithoutAskingForAnythingIsTaken) {
  Config config;
  config.set_enable_automatic_punctuation(true);
  config.mutable_diarization_config()->set_max_speaker_count(4);
  config.add_speech_contexts()->set_boost(10);
  config.add_speech_contexts()->add_phrases("");
  config.mutable_endpointing_config()->set_stop_history(-1);
  config.mutable_endpointing_config()->set_stop_threshold(0.98f);
  config.mutable_endpointing_config()->set_start_history(200);
  (*config.mutable_custom_configuration())["neural_vad.onset"] = "0.65";
  (*config.mutable_custom_configuration())["task"] = "translate";
  (*config.mutable_custom_configuration())["enable_vad_endpointing"] = "true";
  const Asked asked = Ask(config);
  ASSERT_TRUE(asked.options.ok()) << asked.options.status();
  EXPECT_TRUE(asked.options->decoder.hot_words.empty());
  EXPECT_THAT(asked.style.liberties.ignored,
              testing::ElementsAre("enable_vad_endpointing", "neural_vad.onset", "task"));
}

TEST(RivaConfigTest, WhatThereIsNotIsRefusedByName) {
  const struct {
    std::function<void(Config*)> change;
    std::string message;
  } cases[] = {
      {[](Config* c) { c->set_encoding(nvidia::riva::OGGOPUS); }, "config.encoding: "},
      {[](Config* c) { c->set_encoding(static_cast<nvidia::riva::AudioEncoding>(7)); },
       "config.encoding: "},
      {[](Config* c) { c->set_sample_rate_hertz(3999); }, "config.sample_rate_hertz: 3999"},
      {[](Config* c) { c->set_sample_rate_hertz(-16000); }, "config.sample_rate_hertz: "},
      {[](Config* c) { c->set_language_code("de-DE"); }, "config.language_code: 'de-DE'"},
      {[](Config* c) { c->set_max_alternatives(-1); }, "config.max_alternatives: -1"},
      {[](Config* c) { c->set_audio_channel_count(2); }, "config.audio_channel_count: 2"},
      {[](Config* c) { c->set_audio_channel_count(-1); }, "config.audio_channel_count: -1"},
      {[](Config* c) { c->set_enable_separate_recognition_per_channel(true); },
       "config.enable_separate_recognition_per_channel: "},
      {[](Config* c) { c->mutable_diarization_config()->set_enable_speaker_diarization(true); },
       "config.diarization_config.enable_speaker_diarization: "},
      {[](Config* c) { c->mutable_endpointing_config()->set_stop_history(39); },
       "config.endpointing_config.stop_history: 39 is not between 40 and"},
      {[](Config* c) {
         c->mutable_endpointing_config()->set_stop_history(300);
         c->mutable_endpointing_config()->set_stop_history_eou(300);
       },
       "config.endpointing_config.stop_history_eou: 300"},
      {[](Config* c) {
         c->add_speech_contexts();
         c->add_speech_contexts()->set_boost(NAN);
       },
       "config.speech_contexts[1].boost: "},
  };
  for (const auto& a : cases) {
    const absl::Status status = AskWith(a.change).options.status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << a.message;
    EXPECT_THAT(std::string(status.message()), testing::StartsWith(a.message));
  }
}

TEST(RivaConfigTest, TheRegionOfALanguageDoesNotMatter) {
  for (const char* code : {"", "en", "en-US", "EN_gb", "en-Latn-US"}) {
    EXPECT_TRUE(AskWith([&](Config* c) { c->set_language_code(code); }).options.ok()) << code;
  }
  for (const char* code : {"eng", "e", "-", "multi", "fr-CA"}) {
    EXPECT_FALSE(AskWith([&](Config* c) { c->set_language_code(code); }).options.ok()) << code;
  }
  ModelInfo silent;
  Config config;
  config.set_language_code("xx");
  EXPECT_TRUE(Ask(config, silent).options.ok());
}

TEST(RivaConfigTest, OnlyEnglishIsWrittenAnew) {
  ModelInfo german;
  german.language = "de";
  EXPECT_FALSE(Ask({}, german).style.format.inverse_text_normalization);
}

TEST(RivaConfigTest, AFlacStreamKnowsItsRateBetter) {
  const Asked asked = AskWith([](Config* c) {
    c->set_encoding(nvidia::riva::FLAC);
    c->set_sample_rate_hertz(16000);
  });
  ASSERT_TRUE(asked.options.ok());
  EXPECT_EQ(asked.options->audio.encoding, AudioEncoding::kFlac);
  EXPECT_EQ(asked.options->audio.sample_rate, 0);
}

TEST(RivaConfigTest, ContextsAreHotWords) {
  const Asked asked = AskWith([](Config* c) {
    asr::SpeechContext* context = c->add_speech_contexts();
    context->add_phrases("Anna");
    context->add_phrases("vronsky");
    context->set_boost(4);
    c->add_speech_contexts()->add_phrases("levin");
    context = c->add_speech_contexts();
    context->add_phrases("kitty");
    context->set_boost(100);
  });
  ASSERT_TRUE(asked.options.ok());
  const std::vector<HotWord>& words = asked.options->decoder.hot_words;
  ASSERT_EQ(words.size(), 4u);
  EXPECT_EQ(words[0].phrase, "Anna");
  EXPECT_EQ(words[0].boost, 4);
  EXPECT_EQ(words[1].boost, 4);
  EXPECT_EQ(words[2].boost, 5);
  EXPECT_EQ(words[3].boost, 20);
}

TEST(RivaConfigTest, AGreedyStreamHasOneAlternative) {
  Config config;
  config.set_max_alternatives(5);
  EXPECT_EQ(Ask(config, English(), DecoderOptions::Kind::kGreedy).style.alternatives, 1);
  config.add_speech_contexts()->add_phrases("anna");
  EXPECT_EQ(Ask(config, English(), DecoderOptions::Kind::kGreedy).style.alternatives, 5);
  config.set_max_alternatives(1000000);
  const Asked asked = Ask(config);
  ASSERT_TRUE(asked.options.ok());
  EXPECT_TRUE(asked.options->decoder.Validate().ok());
}

TEST(RivaConfigTest, PhrasesAtFaultAreNamedAsTheyWereSent) {
  Config config;
  config.add_speech_contexts()->add_phrases("anna");
  asr::SpeechContext* context = config.add_speech_contexts();
  context->add_phrases("");
  context->add_phrases("7");
  const auto as_sent = [&](const std::string& message) {
    return std::string(AsSent(absl::InvalidArgumentError(message), kWhere, config).message());
  };
  EXPECT_EQ(as_sent("hot_words[1]: \"7\": bad"),
            "config.speech_contexts[1].phrases[1]: \"7\": bad");
  EXPECT_EQ(as_sent("hot_words: at most 1000"), "config.speech_contexts: at most 1000");
  for (const char* other : {"audio: bad", "hot_words[", "hot_words[x]", "hot_words[2]: x"}) {
    EXPECT_EQ(as_sent(other), other);
  }
}

}  // namespace
}  // namespace rill::server::riva
