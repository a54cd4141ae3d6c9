#include "server/services/riva/config.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "server/log.h"

namespace rill::server::riva {
namespace {

// Of raw audio whose rate is not told: the models'.
constexpr int kDefaultSampleRate = 16000;
constexpr int kMaxAlternatives = 101;  // the best text and as many others as the decoder gives
constexpr float kDefaultBoost = 5;     // of a context that does not say one
constexpr size_t kMaxQuotedBytes = 64;
constexpr size_t kMaxLoggedKeys = 16;

absl::Status Invalid(const std::string& field, absl::string_view problem) {
  return absl::InvalidArgumentError(absl::StrCat(field, ": ", problem));
}

std::string Shortened(const std::string& text) {
  return text.size() <= kMaxQuotedBytes ? text : text.substr(0, kMaxQuotedBytes) + "...";
}

// "en" of "en-US".
std::string PrimaryLanguage(absl::string_view tag) {
  return absl::AsciiStrToLower(tag.substr(0, tag.find_first_of("-_")));
}

// No tag fits everything.
bool Hears(const ModelInfo& model, const std::string& language_code) {
  return language_code.empty() || model.language.empty() ||
         PrimaryLanguage(language_code) == PrimaryLanguage(model.language);
}

// The name of the model to ask the core for. Many clients send the name of a model of NVIDIA's that
// is built into them: where only one model can be meant, it is that one.
std::string ChooseModel(const std::vector<ServedModel>& models,
                        const asr::RecognitionConfig& config, std::string* not_taken) {
  std::vector<const ServedModel*> candidates;
  for (const ServedModel& model : models) {
    if (model.info.name == config.model()) return config.model();
    if (Hears(model.info, config.language_code())) candidates.push_back(&model);
  }
  if (candidates.empty()) return "";  // language_code is at fault
  if (!config.model().empty()) {
    if (candidates.size() > 1) return config.model();  // the core says which there are
    *not_taken = config.model();
  }
  return candidates.front()->info.name;
}

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
      return Invalid(where + ".encoding",
                     "this server does not decode OGGOPUS; send LINEAR_PCM, FLAC, MULAW or ALAW");
    default:
      return Invalid(where + ".encoding",
                     absl::StrCat("this server does not know encoding ", config.encoding()));
  }
  const int rate = config.sample_rate_hertz();
  if (rate != 0 && (rate < kMinSampleRate || rate > kMaxSampleRate)) {
    return Invalid(
        where + ".sample_rate_hertz",
        absl::StrCat(rate, " is not between ", kMinSampleRate, " and ", kMaxSampleRate, " (or 0)"));
  }
  // The header of a FLAC stream knows better: clients say 16000 of any.
  if (IsRaw(format.encoding)) format.sample_rate = rate == 0 ? kDefaultSampleRate : rate;
  return format;
}

absl::StatusOr<std::vector<HotWord>> ToHotWords(const asr::RecognitionConfig& config,
                                                const std::string& where) {
  std::vector<HotWord> hot_words;
  for (int i = 0; i < config.speech_contexts_size(); ++i) {
    const asr::SpeechContext& context = config.speech_contexts(i);
    if (std::isnan(context.boost())) {
      return Invalid(absl::StrCat(where, ".speech_contexts[", i, "].boost"), "is not a number");
    }
    const float boost =
        context.boost() == 0 ? kDefaultBoost : std::clamp(context.boost(), -kMaxBoost, kMaxBoost);
    for (const std::string& phrase : context.phrases()) {
      if (phrase.empty()) continue;
      // One too many is refused like millions, which are not worth a copy.
      if (hot_words.size() > kMaxHotWords) return hot_words;
      hot_words.push_back({phrase, boost});
    }
  }
  return hot_words;
}

absl::Status ReadEndpointing(const asr::EndpointingConfig& config, const std::string& where,
                             EndpointRules* rules, ResultStyle* style) {
  if (config.stop_history() > 0) {
    rules->silence_after_words_ms = config.stop_history();
    if (const absl::Status status = rules->Validate(); !status.ok()) {
      absl::string_view problem = status.message();
      absl::ConsumePrefix(&problem, "silence_after_words_ms: ");
      return Invalid(where + ".stop_history", problem);
    }
  }
  if (config.stop_history_eou() > 0) {
    if (config.stop_history_eou() >= rules->silence_after_words_ms) {
      return Invalid(where + ".stop_history_eou",
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
    return Invalid(where + ".audio_channel_count",
                   absl::StrCat(config.audio_channel_count(),
                                " is not 1 (or 0); send each channel as a stream of its own"));
  }
  if (config.enable_separate_recognition_per_channel()) {
    return Invalid(where + ".enable_separate_recognition_per_channel",
                   "not served here; send each channel as a stream of its own");
  }
  if (config.diarization_config().enable_speaker_diarization()) {
    return Invalid(where + ".diarization_config.enable_speaker_diarization",
                   "this server does not tell speakers apart");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<StreamOptions> ToStreamOptions(const asr::RecognitionConfig& config,
                                              const std::string& where, const ModelInfo& model,
                                              const StreamDefaults& defaults, ResultStyle* style) {
  if (!Hears(model, config.language_code())) {
    return Invalid(where + ".language_code",
                   absl::StrCat("'", Shortened(config.language_code()), "' is not the language of ",
                                model.name, ", '", model.language, "'"));
  }
  absl::Status status = RefuseWhatThereIsNot(config, where);
  if (!status.ok()) return status;
  style->ignored = CustomKeys(config);
  StreamOptions options;
  auto format = ToAudioFormat(config, where);
  if (!format.ok()) return format.status();
  options.audio = *format;
  options.chunk_frames = defaults.chunk_ms / kFrameMs;
  status = ReadEndpointing(config.endpointing_config(), where + ".endpointing_config",
                           &options.endpoint, style);
  if (!status.ok()) return status;
  if (config.max_alternatives() < 0) {
    return Invalid(where + ".max_alternatives",
                   absl::StrCat(config.max_alternatives(), " is less than 0"));
  }
  const int alternatives = std::clamp(config.max_alternatives(), 1, kMaxAlternatives);
  auto hot_words = ToHotWords(config, where);
  if (!hot_words.ok()) return hot_words.status();
  options.decoder.kind = defaults.decoder;
  options.decoder.hot_words = *std::move(hot_words);
  options.decoder.alternatives = alternatives - 1;
  const bool has_beam =
      defaults.decoder == DecoderOptions::Kind::kBeam || !options.decoder.hot_words.empty();
  style->alternatives = has_beam ? alternatives : 1;
  style->language = config.language_code().empty() ? model.language : config.language_code();
  style->format.word_times = config.enable_word_time_offsets();
  style->format.mask_profanity = config.profanity_filter();
  style->format.inverse_text_normalization =
      !config.verbatim_transcripts() && PrimaryLanguage(model.language) == "en";
  return options;
}

SpeechCore::OpenRequest ToOpenRequest(const char* method, const std::string& where,
                                      const asr::RecognitionConfig& config, const SpeechCore& core,
                                      const Caller& caller, ResultStyle* style) {
  SpeechCore::OpenRequest open{method, &caller};
  open.model = ChooseModel(core.models(), config, &style->model_sent);
  open.model_field = where + ".model";
  open.options = [where, &config, style](const ModelInfo& model, const StreamDefaults& defaults) {
    return ToStreamOptions(config, where, model, defaults, style);
  };
  return open;
}

absl::Status AsSent(const absl::Status& status, const std::string& where,
                    const asr::RecognitionConfig& config) {
  absl::string_view problem = status.message();
  if (absl::ConsumePrefix(&problem, "hot_words: ")) {
    return absl::Status(status.code(), absl::StrCat(where, ".speech_contexts: ", problem));
  }
  if (!absl::ConsumePrefix(&problem, "hot_words[")) return status;
  const size_t end = problem.find(']');
  int at;
  if (end == problem.npos || !absl::SimpleAtoi(problem.substr(0, end), &at)) return status;
  for (int i = 0; i < config.speech_contexts_size(); ++i) {
    const asr::SpeechContext& context = config.speech_contexts(i);
    for (int j = 0; j < context.phrases_size(); ++j) {
      if (context.phrases(j).empty() || at-- > 0) continue;
      return absl::Status(status.code(), absl::StrCat(where, ".speech_contexts[", i, "].phrases[",
                                                      j, problem.substr(end)));
    }
  }
  return status;
}

void LogLiberties(const ResultStyle& style, const Session& session) {
  if (style.model_sent.empty() && style.ignored.empty()) return;
  LogFields fields = {{"stream", session.options().identity.id},
                      {"model", session.options().identity.model}};
  if (!style.model_sent.empty()) fields.emplace_back("model_sent", Shortened(style.model_sent));
  if (!style.ignored.empty()) fields.emplace_back("ignored", absl::StrJoin(style.ignored, ","));
  Log(LogLevel::kInfo, "riva_config", fields);
}

}  // namespace rill::server::riva
