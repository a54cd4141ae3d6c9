#include "server/services/convert.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "server/services/invalid_field.h"

namespace rill::server {
namespace {

absl::StatusOr<AudioFormat> ToAudioFormat(const v1::AudioFormat& audio, const std::string& where) {
  AudioFormat format;
  switch (audio.encoding()) {
    case v1::AUDIO_ENCODING_UNSPECIFIED:
      format.encoding = AudioEncoding::kAuto;
      break;
    case v1::LINEAR16:
      format.encoding = AudioEncoding::kLinear16;
      break;
    case v1::FLOAT32:
      format.encoding = AudioEncoding::kFloat32;
      break;
    case v1::WAV:
      format.encoding = AudioEncoding::kWav;
      break;
    case v1::FLAC:
      format.encoding = AudioEncoding::kFlac;
      break;
    case v1::MULAW:
      format.encoding = AudioEncoding::kMuLaw;
      break;
    case v1::ALAW:
      format.encoding = AudioEncoding::kALaw;
      break;
    default:
      return InvalidField(where + ".encoding",
                          absl::StrCat("this server does not know encoding ", audio.encoding()));
  }
  const int rate = audio.sample_rate_hertz();
  if (rate == 0 && IsRaw(format.encoding)) {
    return InvalidField(where + ".sample_rate_hertz",
                        "must be given for LINEAR16, FLOAT32, MULAW and ALAW");
  }
  if (rate != 0 && (rate < 4000 || rate > 192000)) {
    return InvalidField(where + ".sample_rate_hertz",
                        absl::StrCat(rate, " is not between 4000 and 192000"));
  }
  if (audio.channels() < 0 || audio.channels() > 8) {
    return InvalidField(where + ".channels",
                        absl::StrCat(audio.channels(), " is not between 1 and 8 (or 0 for 1)"));
  }
  format.sample_rate = rate;
  format.channels = std::max(audio.channels(), 1);
  return format;
}

absl::StatusOr<EndpointRules> ToEndpointRules(const v1::EndpointConfig& config,
                                              const std::string& where) {
  EndpointRules rules;
  if (config.has_enabled()) rules.enabled = config.enabled();
  const struct {
    const char* name;
    bool set;
    int value;
    int* field;
  } times[] = {
      {".silence_after_words_ms", config.has_silence_after_words_ms(),
       config.silence_after_words_ms(), &rules.silence_after_words_ms},
      {".silence_without_words_ms", config.has_silence_without_words_ms(),
       config.silence_without_words_ms(), &rules.silence_without_words_ms},
      {".max_utterance_ms", config.has_max_utterance_ms(), config.max_utterance_ms(),
       &rules.max_utterance_ms},
  };
  for (const auto& time : times) {
    if (!time.set) continue;
    if (time.value < 0) {
      return InvalidField(where + time.name, absl::StrCat(time.value, " is less than 0"));
    }
    *time.field = time.value;
  }
  return rules;
}

// The recogniser's own names of fields, as the client wrote them.
absl::Status AsSent(const std::string& where, const absl::Status& status) {
  const std::pair<const char*, std::string> names[] = {
      {"decoder.kind", where + ".decoding.method"},
      {"decoder.beam.lexicon", where + ".decoding.lexicon_only"},
      {"decoder.beam.", where + ".decoding."},
      {"decoder.min_confidence", where + ".decoding.min_confidence"},
      {"decoder.", where + "."},
      {"hot_words", where + ".hot_words"},
      {"state: ", "config.resume: "},
  };
  for (const auto& [ours, theirs] : names) {
    absl::string_view message = status.message();
    if (!absl::ConsumePrefix(&message, ours)) continue;
    return absl::Status(status.code(), absl::StrCat(theirs, message));
  }
  return status;
}

absl::StatusOr<DecoderOptions> ToDecoderOptions(const v1::RecognitionConfig& config,
                                                const std::string& where,
                                                DecoderOptions::Kind default_kind) {
  const v1::DecodingConfig& decoding = config.decoding();
  DecoderOptions options;
  switch (decoding.method()) {
    case v1::DecodingConfig::METHOD_UNSPECIFIED:
      options.kind = default_kind;
      break;
    case v1::DecodingConfig::GREEDY:
      options.kind = DecoderOptions::Kind::kGreedy;
      break;
    case v1::DecodingConfig::BEAM:
      options.kind = DecoderOptions::Kind::kBeam;
      break;
    default:
      return InvalidField(where + ".decoding.method",
                          absl::StrCat("this server does not know method ", decoding.method()));
  }
  BeamOptions& beam = options.beam;
  if (decoding.has_beam()) beam.beam = decoding.beam();
  if (decoding.has_lm_weight()) beam.lm_weight = decoding.lm_weight();
  if (decoding.has_word_bonus()) beam.word_bonus = decoding.word_bonus();
  if (decoding.has_letter_bonus()) beam.letter_bonus = decoding.letter_bonus();
  if (decoding.has_blank_penalty()) beam.blank_penalty = decoding.blank_penalty();
  if (decoding.has_token_threshold()) beam.token_threshold = decoding.token_threshold();
  if (decoding.has_beam_threshold()) beam.beam_threshold = decoding.beam_threshold();
  if (decoding.has_lexicon_only()) beam.lexicon = decoding.lexicon_only();
  if (decoding.has_min_confidence()) options.min_confidence = decoding.min_confidence();
  options.hot_words = ToHotWords(config.hot_words());
  options.alternatives = config.alternatives();
  if (absl::Status status = options.Validate(); !status.ok()) return AsSent(where, status);
  return options;
}

template <typename Message>
void AddWords(const Hypothesis& hypothesis, Message& message) {
  for (const Word& word : hypothesis.words) {
    v1::Word& out = *message.add_words();
    out.set_text(word.text);
    out.set_start_ms(word.start / kSamplesPerMs);
    out.set_end_ms(word.end / kSamplesPerMs);
    out.set_confidence(word.confidence);
  }
}

int SettledWords(const Hypothesis& hypothesis) {
  int settled = 0;
  for (const Word& word : hypothesis.words) {
    if (word.agreement < 1) break;
    ++settled;
  }
  return settled;
}

}  // namespace

std::vector<HotWord> ToHotWords(const google::protobuf::RepeatedPtrField<v1::HotWord>& hot_words) {
  std::vector<HotWord> result;
  // One too many is refused like millions, which are not worth a copy.
  const int count = std::min(hot_words.size(), kMaxHotWords + 1);
  result.reserve(count);
  for (int i = 0; i < count; ++i) {
    const v1::HotWord& word = hot_words[i];
    result.push_back({word.phrase(), word.boost() == 0 ? kDefaultBoost : word.boost()});
  }
  return result;
}

ResultFormat ToResultFormat(const v1::RecognitionConfig& config) {
  return {config.word_times(), config.inverse_text_normalization(), config.mask_profanity()};
}

absl::StatusOr<StreamOptions> ToStreamOptions(const v1::RecognitionConfig& config,
                                              const std::string& where,
                                              const StreamDefaults& defaults, bool features) {
  StreamOptions options;
  if (features) {
    if (config.has_audio()) {
      return InvalidField(where + ".audio", "must not be set for a stream of features");
    }
    options.input = StreamOptions::Input::kFeatures;
  } else {
    auto format = ToAudioFormat(config.audio(), where + ".audio");
    if (!format.ok()) return format.status();
    options.audio = *format;
  }
  const int chunk_ms = config.chunk_ms() == 0 ? defaults.chunk_ms : config.chunk_ms();
  if (std::find(std::begin(kChunkMs), std::end(kChunkMs), chunk_ms) == std::end(kChunkMs)) {
    return InvalidField(where + ".chunk_ms",
                        absl::StrCat(chunk_ms, " is not one of ", absl::StrJoin(kChunkMs, ", ")));
  }
  options.chunk_frames = chunk_ms / kFrameMs;
  auto rules = ToEndpointRules(config.endpoint(), where + ".endpoint");
  if (!rules.ok()) return rules.status();
  options.endpoint = *rules;
  if (absl::Status status = rules->Validate(); !status.ok()) {
    return InvalidField(where + ".endpoint", std::string(status.message()));
  }
  auto decoder = ToDecoderOptions(config, where, defaults.decoder);
  if (!decoder.ok()) return decoder.status();
  options.decoder = *std::move(decoder);
  return options;
}

SpeechCore::OpenRequest ToOpenRequest(const char* method, const std::string& where,
                                      const v1::RecognitionConfig& config, const Caller& caller,
                                      bool features) {
  SpeechCore::OpenRequest open{method, &caller};
  open.model = config.model();
  open.model_field = where + ".model";
  open.options = [&config, where, features](
                     const ModelInfo& model,
                     const StreamDefaults& defaults) -> absl::StatusOr<StreamOptions> {
    auto options = ToStreamOptions(config, where, defaults, features);
    if (options.ok() && options->decoder.beam.lexicon && !model.has_language_model) {
      return InvalidField(where + ".decoding.lexicon_only",
                          "this model has no language model here");
    }
    return options;
  };
  open.as_sent = [where](const absl::Status& status) { return AsSent(where, status); };
  return open;
}

v1::Result ToResult(const StreamEvent& event, const ResultFormat& format) {
  Hypothesis memory;
  const Hypothesis& hypothesis = Written(event.hypothesis, format, &memory);
  v1::Result result;
  result.set_text(hypothesis.text);
  result.set_is_final(event.kind == StreamEvent::Kind::kFinal);
  result.set_start_ms(event.start / kSamplesPerMs);
  result.set_end_ms(event.end / kSamplesPerMs);
  if (!result.is_final()) {
    result.set_stability(event.hypothesis.stability);
    if (!format.inverse_text_normalization) result.set_settled_words(SettledWords(hypothesis));
    return result;
  }
  result.set_confidence(hypothesis.confidence);
  if (format.word_times) AddWords(hypothesis, result);
  for (const Hypothesis& other : event.alternatives) {
    Hypothesis other_memory;
    const Hypothesis& written = Written(other, format, &other_memory);
    v1::Alternative& alternative = *result.add_alternatives();
    alternative.set_text(written.text);
    if (format.word_times) AddWords(written, alternative);
  }
  return result;
}

v1::SpeechEvent ToSpeechEvent(const StreamEvent& event) {
  v1::SpeechEvent result;
  result.set_type(event.kind == StreamEvent::Kind::kSpeechStart ? v1::SpeechEvent::SPEECH_START
                                                                : v1::SpeechEvent::SPEECH_END);
  result.set_time_ms(event.start / kSamplesPerMs);
  return result;
}

v1::Model ToModel(const ModelInfo& info, bool is_default) {
  v1::Model model;
  model.set_name(info.name);
  model.set_language(info.language);
  model.set_description(info.description);
  model.set_license(info.license);
  model.set_hash(info.hash);
  model.set_parameters(info.parameters);
  model.set_state_bytes_per_stream(info.state_bytes_per_stream);
  model.set_is_default(is_default);
  for (const int chunk_ms : kChunkMs) model.add_chunk_ms(chunk_ms);
  return model;
}

}  // namespace rill::server
