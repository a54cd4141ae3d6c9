#include "server/services/riva/config.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "server/services/invalid_field.h"
#include "server/services/sent_phrases.h"
#include "server/services/shortened.h"

namespace rill::server::riva {
namespace {

// Of raw audio whose rate is not told: the models'.
constexpr int kDefaultSampleRate = 16000;
constexpr size_t kMaxLoggedKeys = 16;

absl::StatusOr<AudioFormat> ToAudioFormat(const asr::RecognitionConfig& config,
                                          const std::string& where) {
  AudioFormat format;
  format.may_have_header = true;
  switch (config.encoding()) {
    case nvidia::riva::ENCODING_UNSPECIFIED:
    case nvidia::riva::LINEAR_PCM:
      format.encoding = AudioEncoding::kLinear16;
      break;
    case nvidia::riva::MULAW:
      format.encoding = AudioEncoding::kMuLaw;
      break;
    case nvidia::riva::ALAW:
      format.encoding = AudioEncoding::kALaw;
      break;
    case nvidia::riva::FLAC:
      format.encoding = AudioEncoding::kFlac;
      break;
    case nvidia::riva::OGGOPUS:
      return InvalidField(
          where + ".encoding",
          "this server does not decode OGGOPUS; send LINEAR_PCM, FLAC, MULAW or ALAW");
    default:
      return InvalidField(where + ".encoding",
                          absl::StrCat("this server does not know encoding ", config.encoding()));
  }
  const int rate = config.sample_rate_hertz();
  absl::Status status = CheckSampleRate(rate, where + ".sample_rate_hertz");
  if (!status.ok()) return status;
  // The header of a FLAC stream knows better: clients say 16000 of any.
  if (IsRaw(format.encoding)) format.sample_rate = rate == 0 ? kDefaultSampleRate : rate;
  return format;
}

absl::Status ReadEndpointing(const asr::EndpointingConfig& config, const std::string& where,
                             EndpointRules* rules, ResultStyle* style) {
  if (config.stop_history() > 0) {
    rules->silence_after_words_ms = config.stop_history();
    if (const absl::Status status = rules->Validate(); !status.ok()) {
      absl::string_view problem = status.message();
      absl::ConsumePrefix(&problem, "silence_after_words_ms: ");
      return InvalidField(where + ".stop_history", problem);
    }
  }
  if (config.stop_history_eou() > 0) {
    if (config.stop_history_eou() >= rules->silence_after_words_ms) {
      return InvalidField(
          where + ".stop_history_eou",
          absl::StrCat(config.stop_history_eou(), " is not less than stop_history, ",
                       rules->silence_after_words_ms));
    }
    style->pause_ms = config.stop_history_eou();
  }
  return absl::OkStatus();
}

// None of its keys is known here, and clients send those of whatever server they had before: they
// are ignored, and the log says so.
std::vector<std::string> CustomKeys(const asr::RecognitionConfig& config) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : config.custom_configuration()) keys.push_back(Shortened(key));
  std::sort(keys.begin(), keys.end());
  keys.resize(std::min(keys.size(), kMaxLoggedKeys));
  return keys;
}

absl::Status RefuseWhatThereIsNot(const asr::RecognitionConfig& config, const std::string& where) {
  if (config.audio_channel_count() < 0 || config.audio_channel_count() > 1) {
    return InvalidField(where + ".audio_channel_count",
                        absl::StrCat(config.audio_channel_count(),
                                     " is not 1 (or 0); send each channel as a stream of its own"));
  }
  if (config.enable_separate_recognition_per_channel()) {
    return InvalidField(where + ".enable_separate_recognition_per_channel",
                        "not served here; send each channel as a stream of its own");
  }
  if (config.diarization_config().enable_speaker_diarization()) {
    return InvalidField(where + ".diarization_config.enable_speaker_diarization",
                        "this server does not tell speakers apart");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<StreamOptions> ToStreamOptions(const asr::RecognitionConfig& config,
                                              const std::string& where, const ModelInfo& model,
                                              const StreamDefaults& defaults, ResultStyle* style) {
  absl::Status status = CheckLanguage(config.language_code(), where + ".language_code", model);
  if (!status.ok()) return status;
  status = RefuseWhatThereIsNot(config, where);
  if (!status.ok()) return status;
  style->liberties.ignored = CustomKeys(config);
  StreamOptions options;
  auto format = ToAudioFormat(config, where);
  if (!format.ok()) return format.status();
  options.audio = *format;
  options.chunk_frames = defaults.chunk_ms / kFrameMs;
  status = ReadEndpointing(config.endpointing_config(), where + ".endpointing_config",
                           &options.endpoint, style);
  if (!status.ok()) return status;
  const auto alternatives = ToAlternatives(config.max_alternatives(), where + ".max_alternatives");
  if (!alternatives.ok()) return alternatives.status();
  std::vector<SentPhrase> phrases;
  status = AddContexts(config.speech_contexts(), where + ".speech_contexts", &phrases);
  if (!status.ok()) return status;
  options.decoder.kind = defaults.decoder;
  options.decoder.hot_words = ToHotWords(phrases);
  options.decoder.alternatives = *alternatives - 1;
  const bool has_beam =
      defaults.decoder == DecoderOptions::Kind::kBeam || !options.decoder.hot_words.empty();
  style->alternatives = has_beam ? *alternatives : 1;
  style->language = config.language_code().empty() ? model.language : config.language_code();
  style->format.word_times = config.enable_word_time_offsets();
  style->format.mask_profanity = config.profanity_filter();
  style->format.inverse_text_normalization = !config.verbatim_transcripts() && IsEnglish(model);
  return options;
}

SpeechCore::OpenRequest ToOpenRequest(const char* method, const std::string& where,
                                      const asr::RecognitionConfig& config, const SpeechCore& core,
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

absl::Status AsSent(const absl::Status& status, const std::string& where,
                    const asr::RecognitionConfig& config) {
  const std::string field = where + ".speech_contexts";
  std::vector<SentPhrase> phrases;
  if (!AddContexts(config.speech_contexts(), field, &phrases).ok()) return status;
  return server::AsSent(status, field, phrases);
}

}  // namespace rill::server::riva
