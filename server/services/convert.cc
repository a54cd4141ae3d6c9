#include "server/services/convert.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/str_cat.h"

namespace rill::server {
namespace {

constexpr int kSamplesPerMs = 16;

absl::Status Invalid(const std::string& where, const std::string& problem) {
  return absl::InvalidArgumentError(absl::StrCat(where, ": ", problem));
}

absl::StatusOr<AudioFormat> ToAudioFormat(const v1::AudioFormat& audio, const std::string& where) {
  AudioFormat format;
  bool raw = false;
  switch (audio.encoding()) {
    case v1::AUDIO_ENCODING_UNSPECIFIED:
      format.encoding = AudioEncoding::kAuto;
      break;
    case v1::LINEAR16:
      format.encoding = AudioEncoding::kLinear16;
      raw = true;
      break;
    case v1::FLOAT32:
      format.encoding = AudioEncoding::kFloat32;
      raw = true;
      break;
    case v1::WAV:
      format.encoding = AudioEncoding::kWav;
      break;
    case v1::FLAC:
      format.encoding = AudioEncoding::kFlac;
      break;
    default:
      return Invalid(where + ".encoding",
                     absl::StrCat("this server does not know encoding ", audio.encoding()));
  }
  const int rate = audio.sample_rate_hertz();
  if (rate == 0 && raw) {
    return Invalid(where + ".sample_rate_hertz", "must be given for LINEAR16 and FLOAT32");
  }
  if (rate != 0 && (rate < 4000 || rate > 192000)) {
    return Invalid(where + ".sample_rate_hertz",
                   absl::StrCat(rate, " is not between 4000 and 192000"));
  }
  if (audio.channels() < 0 || audio.channels() > 8) {
    return Invalid(where + ".channels",
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
      return Invalid(where + time.name, absl::StrCat(time.value, " is less than 0"));
    }
    *time.field = time.value;
  }
  return rules;
}

}  // namespace

absl::StatusOr<StreamOptions> ToStreamOptions(const v1::RecognitionConfig& config,
                                              const std::string& where, int default_chunk_ms,
                                              bool features) {
  StreamOptions options;
  if (features) {
    if (config.has_audio()) {
      return Invalid(where + ".audio", "must not be set for a stream of features");
    }
    options.input = StreamOptions::Input::kFeatures;
  } else {
    auto format = ToAudioFormat(config.audio(), where + ".audio");
    if (!format.ok()) return format.status();
    options.audio = *format;
  }
  const int chunk_ms = config.chunk_ms() == 0 ? default_chunk_ms : config.chunk_ms();
  if (std::find(std::begin(kChunkMs), std::end(kChunkMs), chunk_ms) == std::end(kChunkMs)) {
    return Invalid(where + ".chunk_ms",
                   absl::StrCat(chunk_ms, " is not one of 40, 80, 160, 320, 640"));
  }
  options.chunk_frames = chunk_ms / kFrameMs;
  auto rules = ToEndpointRules(config.endpoint(), where + ".endpoint");
  if (!rules.ok()) return rules.status();
  options.endpoint = *rules;
  if (absl::Status status = rules->Validate(); !status.ok()) {
    return Invalid(where + ".endpoint", std::string(status.message()));
  }
  return options;
}

v1::Result ToResult(const StreamEvent& event, bool word_times) {
  v1::Result result;
  result.set_text(event.hypothesis.text);
  result.set_is_final(event.kind == StreamEvent::Kind::kFinal);
  result.set_start_ms(event.start / kSamplesPerMs);
  result.set_end_ms(event.end / kSamplesPerMs);
  if (!result.is_final()) return result;
  result.set_confidence(event.hypothesis.confidence);
  if (!word_times) return result;
  for (const Word& word : event.hypothesis.words) {
    v1::Word& out = *result.add_words();
    out.set_text(word.text);
    out.set_start_ms(word.start / kSamplesPerMs);
    out.set_end_ms(word.end / kSamplesPerMs);
    out.set_confidence(word.confidence);
  }
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
