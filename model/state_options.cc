#include "model/state_options.h"

#include <string>

namespace rill {
namespace {

constexpr size_t kMaxOptionsBytes = 4096;

// Taken apart by name, so that an option that is new does not compile until it is here.
std::string Describe(const StreamOptions& options) {
  StateWriter writer;
  const auto write = [&writer](const auto&... values) { (writer.Write(values), ...); };
  // Whatever is told in between, and how much may wait, makes no other words.
  const auto& [input, audio, chunk_frames, interim_results, speech_events, single_utterance,
               endpoint, decoder, max_queued_frames] = options;
  write(input, chunk_frames, speech_events, single_utterance);
  const auto& [encoding, sample_rate, channels, may_have_header] = audio;
  write(encoding, sample_rate, channels, may_have_header);
  const auto& [enabled, after_words_ms, without_words_ms, utterance_ms] = endpoint;
  write(enabled, after_words_ms, without_words_ms, utterance_ms);
  const auto& [kind, beam_options, hot_words, min_confidence, alternatives] = decoder;
  write(kind, min_confidence, alternatives);
  const auto& [beam, lm_weight, word_bonus, letter_bonus, blank_penalty, token_threshold,
               beam_threshold, lexicon, unknown_word, unknown_letter] = beam_options;
  write(beam, lm_weight, word_bonus, letter_bonus, blank_penalty, token_threshold, beam_threshold,
        lexicon, unknown_word, unknown_letter);
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
