#include "server/services/google/config.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "server/services/invalid_field.h"
#include "server/services/sent_phrases.h"

namespace rill::server::google_speech {
namespace {

using Config = speech::RecognitionConfig;

// What is not known here is an error. Raw audio has no header to tell its rate: without one, only
// a file will do.
absl::StatusOr<AudioFormat> ToAudioFormat(const Config& config, const std::string& where) {
  AudioFormat format;
  switch (config.encoding()) {
    case Config::ENCODING_UNSPECIFIED:
      format.encoding = AudioEncoding::kAuto;
      break;
    case Config::LINEAR16:
      format.encoding = AudioEncoding::kLinear16;
      break;
    case Config::MULAW:
      format.encoding = AudioEncoding::kMuLaw;
      break;
    case Config::FLAC:
      format.encoding = AudioEncoding::kFlac;
      break;
    default: {
      const std::string& name = Config::AudioEncoding_Name(config.encoding());
      return InvalidField(
          where + ".encoding",
          name.empty() ? absl::StrCat("this server does not know encoding ", config.encoding())
                       : absl::StrCat("this server does not decode ", name,
                                      "; send LINEAR16, FLAC or MULAW"));
    }
  }
  const int rate = config.sample_rate_hertz();
  if (absl::Status status = CheckSampleRate(rate, where + ".sample_rate_hertz"); !status.ok()) {
    return status;
  }
  const int channels = config.audio_channel_count();
  if (channels < 0 || channels > kMaxChannels) {
    return InvalidField(where + ".audio_channel_count",
                        absl::StrCat(channels, " is not between 1 and ", kMaxChannels, " (or 0)"));
  }
  if (!IsRaw(format.encoding)) return format;
  if (rate == 0) return AudioFormat{};
  format.sample_rate = rate;
  format.channels = std::max(channels, 1);
  format.may_have_header = true;
  return format;
}

absl::Status AddSet(const speech::PhraseSet& set, const std::string& field,
                    std::vector<SentPhrase>* phrases) {
  const auto set_boost = ToBoost(set.boost(), field + ".boost");
  if (!set_boost.ok()) return set_boost.status();
  for (int i = 0; i < set.phrases_size() && !TooMany(*phrases); ++i) {
    const speech::PhraseSet::Phrase& phrase = set.phrases(i);
    const std::string phrase_field = absl::StrCat(field, ".phrases[", i, "]");
    auto boost = set_boost;
    if (phrase.boost() != 0) boost = ToBoost(phrase.boost(), phrase_field + ".boost");
    if (!boost.ok()) return boost.status();
    AddPhrase(phrase.value(), *boost, phrase_field + ".value", phrases);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<SentPhrase>> Phrases(const Config& config, const std::string& where) {
  std::vector<SentPhrase> phrases;
  absl::Status status = AddContexts(config.speech_contexts(), where + ".speech_contexts", &phrases);
  for (int i = 0; status.ok() && i < config.adaptation().phrase_sets_size(); ++i) {
    status = AddSet(config.adaptation().phrase_sets(i),
                    absl::StrCat(where, ".adaptation.phrase_sets[", i, "]"), &phrases);
  }
  if (!status.ok()) return status;
  return phrases;
}

absl::Status RefuseWhatThereIsNot(const Config& config, const std::string& where) {
  if (config.enable_separate_recognition_per_channel() && config.audio_channel_count() > 1) {
    return InvalidField(where + ".enable_separate_recognition_per_channel",
                        "not served here; send each channel as a stream of its own");
  }
  if (config.diarization_config().enable_speaker_diarization()) {
    return InvalidField(where + ".diarization_config.enable_speaker_diarization",
                        "this server does not tell speakers apart");
  }
  if (!config.adaptation().phrase_set_references().empty()) {
    return InvalidField(where + ".adaptation.phrase_set_references",
                        "this server keeps no phrase sets; send them in adaptation.phrase_sets");
  }
  if (!config.adaptation().abnf_grammar().abnf_strings().empty()) {
    return InvalidField(where + ".adaptation.abnf_grammar",
                        "this server has no grammars; send phrases in adaptation.phrase_sets");
  }
  return absl::OkStatus();
}

// What changes how results are written, or only what they could have been in another language.
std::vector<std::string> Ignored(const Config& config) {
  const struct {
    const char* name;
    bool asked;
  } fields[] = {
      {"alternative_language_codes", !config.alternative_language_codes().empty()},
      {"enable_spoken_emojis", config.enable_spoken_emojis().value()},
      {"enable_spoken_punctuation", config.enable_spoken_punctuation().value()},
      {"transcript_normalization", !config.transcript_normalization().entries().empty()},
  };
  std::vector<std::string> ignored;
  for (const auto& field : fields) {
    if (field.asked) ignored.push_back(field.name);
  }
  return ignored;
}

}  // namespace

absl::StatusOr<StreamOptions> ToStreamOptions(const Config& config, const std::string& where,
                                              const ModelInfo& model,
                                              const StreamDefaults& defaults, ResultStyle* style) {
  absl::Status status = CheckLanguage(config.language_code(), where + ".language_code", model);
  if (!status.ok()) return status;
  status = RefuseWhatThereIsNot(config, where);
  if (!status.ok()) return status;
  StreamOptions options;
  auto format = ToAudioFormat(config, where);
  if (!format.ok()) return format.status();
  options.audio = *format;
  options.chunk_frames = defaults.chunk_ms / kFrameMs;
  const auto alternatives = ToAlternatives(config.max_alternatives(), where + ".max_alternatives");
  if (!alternatives.ok()) return alternatives.status();
  const auto phrases = Phrases(config, where);
  if (!phrases.ok()) return phrases.status();
  options.decoder.kind = defaults.decoder;
  options.decoder.hot_words = ToHotWords(*phrases);
  options.decoder.alternatives = *alternatives - 1;
  style->language = absl::AsciiStrToLower(config.language_code().empty() ? model.language
                                                                         : config.language_code());
  style->word_confidence = config.enable_word_confidence();
  style->format.word_times = config.enable_word_time_offsets();
  style->format.mask_profanity = config.profanity_filter();
  style->format.inverse_text_normalization = IsEnglish(model);
  style->liberties.ignored = Ignored(config);
  return options;
}

SpeechCore::OpenRequest ToOpenRequest(const char* method, const std::string& where,
                                      const Config& config, const SpeechCore& core,
                                      const Caller& caller, ResultStyle* style) {
  SpeechCore::OpenRequest open{method, &caller};
  open.model =
      ChooseModel(core.models(), config.model(), config.language_code(), &style->liberties);
  open.model_field = where + ".model";
  open.options = [where, &config, style](const ModelInfo& model, const StreamDefaults& defaults) {
    return ToStreamOptions(config, where, model, defaults, style);
  };
  open.as_sent = [where, &config](const absl::Status& status) {
    return AsSent(status, where, config);
  };
  return open;
}

absl::Status AsSent(const absl::Status& status, const std::string& where, const Config& config) {
  const auto phrases = Phrases(config, where);
  if (!phrases.ok()) return status;
  const char* all =
      config.speech_contexts().empty() ? ".adaptation.phrase_sets" : ".speech_contexts";
  return server::AsSent(status, where + all, *phrases);
}

}  // namespace rill::server::google_speech
