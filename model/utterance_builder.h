// The last part of recognition, one stream's: log-probabilities to words, words to utterances,
// utterances to events. Needs no model. Used by one thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "model/decoder/ctc_decoder.h"
#include "model/decoder/decoder_factory.h"
#include "model/decoder/endpointer.h"
#include "model/decoder/greedy_spelling.h"
#include "model/recognizer.h"
#include "model/state/state_reader.h"
#include "model/state/state_writer.h"

namespace rill {

// What of StreamOptions it looks at.
struct UtteranceOptions {
  EndpointRules endpoint;
  bool interim_results = true;
  bool speech_events = false;
  bool single_utterance = false;
};

// The longest utterance, whatever the rules say: what a stream keeps of its words is bounded, and
// so is a result.
inline constexpr int kLongestUtteranceMs = 600 * 1000;

class UtteranceBuilder {
 public:
  // `hot_words`: null for none.
  UtteranceBuilder(const DecoderFactory& factory, std::shared_ptr<const HotWords> hot_words,
                   const UtteranceOptions& options);

  // The next encoder frame: log-probabilities [tokens, then phones], for the samples [start, end).
  // Endpoints are looked for after every frame, so that they do not depend on how many come at a
  // time.
  void Accept(absl::Span<const float> outputs, int64_t start, int64_t end);

  // Null: none. A greedy stream gets another decoder for hot words, from the next utterance on; a
  // beam takes them from the current one on.
  void SetHotWords(std::shared_ptr<const HotWords> hot_words);

  // What is there becomes final if there are words; then the mark.
  void Flush(uint64_t flush_id);
  void End();

  // Between two frames, when all events have been taken. Loaded into a builder just made with the
  // same factory and rules, it goes on where the saved one was; the reader's status says whether it
  // may be used.
  void Save(StateWriter& writer) const;
  void Load(StateReader& reader);

  // The events so far. If the words have changed since they were last told and are not final, an
  // interim event comes last; it is empty if there are none any more.
  std::vector<StreamEvent> TakeEvents();

 private:
  void FindEnd();
  void FindSpeech(const UtteranceState& state);
  void SpeechBegins();
  void SpeechEnds();
  void AddMark(StreamEvent::Kind kind, int64_t time, uint64_t flush_id = 0);
  void ChangeDecoder();  // to the next one if this one has no words
  // `awaited`: that there are no words is an answer, too. Else a single utterance is yet to come.
  void AddFinal(std::vector<Hypothesis> hypotheses, bool awaited);
  void AddFinalIfWords();
  int hypotheses_wanted() const { return 1 + factory_.alternatives(); }

  const DecoderFactory factory_;
  std::shared_ptr<const HotWords> hot_words_;  // the last that were set: next_decoder_'s, if any
  std::unique_ptr<CtcDecoder> decoder_;
  std::unique_ptr<CtcDecoder> next_decoder_;  // once decoder_ has no words; null: none waits
  const UtteranceOptions options_;
  GreedySpelling spelling_;      // beside a beam, of what is not final yet, and a little before
  int64_t utterance_start_ = 0;  // samples: the end of what the last final covers
  int64_t changes_told_ = 0;
  bool in_speech_ = false;  // a kSpeechStart has had no kSpeechEnd yet
  bool ended_ = false;      // kEnd has been told
  std::vector<StreamEvent> events_;
};

}  // namespace rill
