// What becomes of each field of a Google client's configuration.
#include <gmock/gmock.h>

#include <cmath>
#include <functional>

#include "server/services/google/config.h"

namespace rill::server::google_speech {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Config = speech::RecognitionConfig;

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

Asked Ask(const Config& config, const ModelInfo& model = English()) {
  Asked asked;
  asked.options =
      ToStreamOptions(config, kWhere, model, {160, DecoderOptions::Kind::kBeam}, &asked.style);
  return asked;
}

Asked AskWith(const std::function<void(Config*)>& change) {
  Config config;
  change(&config);
  return Ask(config);
}

TEST(GoogleConfigTest, NothingSetIsAFileOfEnglishAsItIsWritten) {
  const Asked asked = Ask({});
  ASSERT_TRUE(asked.options.ok()) << asked.options.status();
  EXPECT_TRUE(asked.options->Validate().ok());
  EXPECT_EQ(asked.options->audio.encoding, AudioEncoding::kAuto);
  EXPECT_EQ(asked.options->audio.sample_rate, 0);
  EXPECT_EQ(asked.options->chunk_frames, 4);
  EXPECT_EQ(asked.options->decoder.kind, DecoderOptions::Kind::kBeam);
  EXPECT_EQ(asked.options->decoder.alternatives, 0);
  EXPECT_TRUE(asked.style.format.inverse_text_normalization);
  EXPECT_FALSE(asked.style.format.word_times);
  EXPECT_FALSE(asked.style.format.mask_profanity);
  EXPECT_FALSE(asked.style.word_confidence);
  EXPECT_EQ(asked.style.language, "en");
  EXPECT_TRUE(asked.style.liberties.ignored.empty());
}

TEST(GoogleConfigTest, WhatIsAskedForIsGiven) {
  Config config;
  config.set_encoding(Config::MULAW);
  config.set_sample_rate_hertz(8000);
  config.set_audio_channel_count(2);
  config.set_language_code("en-US");
  config.set_max_alternatives(3);
  config.set_profanity_filter(true);
  config.set_enable_word_time_offsets(true);
  config.set_enable_word_confidence(true);
  const Asked asked = Ask(config);
  ASSERT_TRUE(asked.options.ok()) << asked.options.status();
  EXPECT_TRUE(asked.options->Validate().ok());
  EXPECT_EQ(asked.options->audio.encoding, AudioEncoding::kMuLaw);
  EXPECT_EQ(asked.options->audio.sample_rate, 8000);
  EXPECT_EQ(asked.options->audio.channels, 2);
  EXPECT_TRUE(asked.options->audio.may_have_header);
  EXPECT_EQ(asked.options->decoder.alternatives, 2);
  EXPECT_TRUE(asked.style.format.word_times);
  EXPECT_TRUE(asked.style.format.mask_profanity);
  EXPECT_TRUE(asked.style.word_confidence);
  EXPECT_EQ(asked.style.language, "en-us");
}

TEST(GoogleConfigTest, WithoutARateOnlyAFileWillDo) {
  for (const auto encoding : {Config::LINEAR16, Config::MULAW}) {
    const Asked asked = AskWith([&](Config* c) { c->set_encoding(encoding); });
    ASSERT_TRUE(asked.options.ok()) << asked.options.status();
    EXPECT_EQ(asked.options->audio.encoding, AudioEncoding::kAuto);
  }
}

TEST(GoogleConfigTest, AFlacStreamKnowsItsRateAndChannelsBetter) {
  const Asked asked = AskWith([](Config* c) {
    c->set_encoding(Config::FLAC);
    c->set_sample_rate_hertz(16000);
    c->set_audio_channel_count(2);
  });
  ASSERT_TRUE(asked.options.ok());
  EXPECT_EQ(asked.options->audio.encoding, AudioEncoding::kFlac);
  EXPECT_EQ(asked.options->audio.sample_rate, 0);
  EXPECT_EQ(asked.options->audio.channels, 1);
}

TEST(GoogleConfigTest, WhatClientsSetWithoutAskingForAnythingIsTaken) {
  Config config;
  config.set_enable_automatic_punctuation(true);
  config.set_use_enhanced(true);
  config.set_enable_separate_recognition_per_channel(true);
  config.mutable_diarization_config()->set_max_speaker_count(4);
  config.mutable_metadata()->set_interaction_type(speech::RecognitionMetadata::PHONE_CALL);
  config.add_speech_contexts()->set_boost(10);
  config.add_speech_contexts()->add_phrases("");
  config.mutable_adaptation()->add_phrase_sets()->add_phrases();
  config.mutable_enable_spoken_emojis()->set_value(false);
  config.mutable_transcript_normalization();
  const Asked asked = Ask(config);
  ASSERT_TRUE(asked.options.ok()) << asked.options.status();
  EXPECT_TRUE(asked.options->decoder.hot_words.empty());
  EXPECT_TRUE(asked.style.liberties.ignored.empty());
}

TEST(GoogleConfigTest, WhatIsIgnoredIsNamedInTheLog) {
  const Asked asked = AskWith([](Config* c) {
    c->add_alternative_language_codes("de-DE");
    c->mutable_enable_spoken_punctuation()->set_value(true);
    c->mutable_enable_spoken_emojis()->set_value(true);
    c->mutable_transcript_normalization()->add_entries();
  });
  ASSERT_TRUE(asked.options.ok()) << asked.options.status();
  EXPECT_THAT(asked.style.liberties.ignored,
              ElementsAre("alternative_language_codes", "enable_spoken_emojis",
                          "enable_spoken_punctuation", "transcript_normalization"));
}

TEST(GoogleConfigTest, WhatThereIsNotIsRefusedByName) {
  const struct {
    std::function<void(Config*)> change;
    std::string message;
  } cases[] = {
      {[](Config* c) { c->set_encoding(Config::MP3); },
       "config.encoding: this server does not decode MP3"},
      {[](Config* c) { c->set_encoding(Config::OGG_OPUS); },
       "config.encoding: this server does not decode OGG_OPUS"},
      {[](Config* c) { c->set_encoding(static_cast<Config::AudioEncoding>(20)); },
       "config.encoding: this server does not know encoding 20"},
      {[](Config* c) { c->set_sample_rate_hertz(3999); }, "config.sample_rate_hertz: 3999"},
      {[](Config* c) { c->set_sample_rate_hertz(-16000); }, "config.sample_rate_hertz: "},
      {[](Config* c) { c->set_language_code("de-DE"); }, "config.language_code: 'de-DE'"},
      {[](Config* c) { c->set_max_alternatives(-1); }, "config.max_alternatives: -1"},
      {[](Config* c) { c->set_audio_channel_count(9); }, "config.audio_channel_count: 9"},
      {[](Config* c) { c->set_audio_channel_count(-1); }, "config.audio_channel_count: -1"},
      {[](Config* c) {
         c->set_audio_channel_count(2);
         c->set_enable_separate_recognition_per_channel(true);
       },
       "config.enable_separate_recognition_per_channel: "},
      {[](Config* c) { c->mutable_diarization_config()->set_enable_speaker_diarization(true); },
       "config.diarization_config.enable_speaker_diarization: "},
      {[](Config* c) { c->mutable_adaptation()->add_phrase_set_references("projects/p"); },
       "config.adaptation.phrase_set_references: "},
      {[](Config* c) { c->mutable_adaptation()->mutable_abnf_grammar()->add_abnf_strings("a"); },
       "config.adaptation.abnf_grammar: "},
      {[](Config* c) {
         c->add_speech_contexts();
         c->add_speech_contexts()->set_boost(NAN);
       },
       "config.speech_contexts[1].boost: "},
      {[](Config* c) { c->mutable_adaptation()->add_phrase_sets()->set_boost(NAN); },
       "config.adaptation.phrase_sets[0].boost: "},
      {[](Config* c) { c->mutable_adaptation()->add_phrase_sets()->add_phrases()->set_boost(NAN); },
       "config.adaptation.phrase_sets[0].phrases[0].boost: "},
  };
  for (const auto& a : cases) {
    const absl::Status status = AskWith(a.change).options.status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << a.message;
    EXPECT_THAT(std::string(status.message()), testing::StartsWith(a.message));
  }
}

TEST(GoogleConfigTest, OnlyEnglishIsWrittenAnew) {
  ModelInfo german;
  german.language = "de";
  EXPECT_FALSE(Ask({}, german).style.format.inverse_text_normalization);
}

TEST(GoogleConfigTest, ContextsAndPhraseSetsAreHotWords) {
  const Asked asked = AskWith([](Config* c) {
    speech::SpeechContext* context = c->add_speech_contexts();
    context->add_phrases("Anna");
    context->set_boost(4);
    c->add_speech_contexts()->add_phrases("levin");
    speech::PhraseSet* set = c->mutable_adaptation()->add_phrase_sets();
    set->set_boost(100);
    set->add_phrases()->set_value("kitty");
    speech::PhraseSet::Phrase* phrase = set->add_phrases();
    phrase->set_value("dolly");
    phrase->set_boost(3);
  });
  ASSERT_TRUE(asked.options.ok());
  std::vector<std::pair<std::string, float>> words;
  for (const HotWord& word : asked.options->decoder.hot_words) {
    words.emplace_back(word.phrase, word.boost);
  }
  EXPECT_THAT(words, ElementsAre(std::pair("Anna", 4.f), std::pair("levin", 5.f),
                                 std::pair("kitty", 20.f), std::pair("dolly", 3.f)));
}

TEST(GoogleConfigTest, OfTooManyPhrasesOneMoreThanThereMayBeIsCopied) {
  const Asked asked = AskWith([](Config* c) {
    speech::PhraseSet* set = c->mutable_adaptation()->add_phrase_sets();
    for (int i = 0; i < 3 * kMaxHotWords; ++i) set->add_phrases()->set_value("anna");
  });
  ASSERT_TRUE(asked.options.ok());
  EXPECT_EQ(asked.options->decoder.hot_words.size(), kMaxHotWords + 1);
}

TEST(GoogleConfigTest, PhrasesAtFaultAreNamedAsTheyWereSent) {
  Config config;
  speech::PhraseSet* set = config.mutable_adaptation()->add_phrase_sets();
  set->add_phrases()->set_value("");
  set->add_phrases()->set_value("7");
  const auto as_sent = [&](const std::string& message) {
    return std::string(AsSent(absl::InvalidArgumentError(message), kWhere, config).message());
  };
  EXPECT_EQ(as_sent("hot_words[0]: \"7\": bad"),
            "config.adaptation.phrase_sets[0].phrases[1].value: \"7\": bad");
  EXPECT_EQ(as_sent("hot_words: at most 1000"), "config.adaptation.phrase_sets: at most 1000");
  config.add_speech_contexts()->add_phrases("anna");
  EXPECT_EQ(as_sent("hot_words[0]: bad"), "config.speech_contexts[0].phrases[0]: bad");
  EXPECT_EQ(as_sent("hot_words[1]: bad"), "config.adaptation.phrase_sets[0].phrases[1].value: bad");
  EXPECT_EQ(as_sent("hot_words: at most 1000"), "config.speech_contexts: at most 1000");
  for (const char* other : {"audio: bad", "hot_words[", "hot_words[x]", "hot_words[2]: x"}) {
    EXPECT_EQ(as_sent(other), other);
  }
}

TEST(GoogleConfigTest, AsManyAlternativesAsTheDecoderHas) {
  const Asked asked = AskWith([](Config* c) { c->set_max_alternatives(1000000); });
  ASSERT_TRUE(asked.options.ok());
  EXPECT_TRUE(asked.options->decoder.Validate().ok());
  EXPECT_EQ(asked.options->decoder.alternatives, 100);
}

}  // namespace
}  // namespace rill::server::google_speech
