#include "model/state_options.h"

#include <string>

namespace rill {
namespace {

constexpr size_t kMaxOptionsBytes = 4096;

std::string Describe(const StreamOptions& options) {
  StateWriter writer;
  writer.Write(options.input);
  writer.Write(options.audio.encoding);
  writer.Write(options.audio.sample_rate);
  writer.Write(options.audio.channels);
  writer.Write(options.chunk_frames);
  const EndpointRules& endpoint = options.endpoint;
  writer.Write(endpoint.enabled);
  writer.Write(endpoint.silence_after_words_ms);
  writer.Write(endpoint.silence_without_words_ms);
  writer.Write(endpoint.max_utterance_ms);
  writer.Write(options.speech_events);
  writer.Write(options.single_utterance);
  writer.Write(options.decoder.kind);
  writer.Write(options.decoder.alternatives);
  writer.Write(options.decoder.min_confidence);
  const BeamOptions& beam = options.decoder.beam;
  writer.Write(beam.beam);
  writer.Write(beam.lm_weight);
  writer.Write(beam.word_bonus);
  writer.Write(beam.blank_penalty);
  writer.Write(beam.token_threshold);
  writer.Write(beam.beam_threshold);
  writer.Write(beam.lexicon);
  writer.Write(beam.unknown_word_penalty);
  writer.Write(beam.unknown_letter_penalty);
  return writer.Take();
}

}  // namespace

void SaveOptions(const StreamOptions& options, StateWriter& writer) {
  writer.WriteString(Describe(options));
}

absl::Status CheckOptions(const StreamOptions& options, StateReader& reader) {
  const std::string saved = reader.ReadString(kMaxOptionsBytes, "options");
  if (!reader.ok() || saved == Describe(options)) return reader.status();
  return absl::InvalidArgumentError(
      "state: of a stream with another configuration; a stream goes on with the audio, chunk, "
      "endpoint, decoding, speech_events and single_utterance fields that it began with, on a "
      "server with the same defaults");
}

}  // namespace rill
