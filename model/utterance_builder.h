// The last part of recognition, one stream's: log-probabilities to words, words to utterances,
// utterances to events. Needs no model. Used by one thread at a time.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "model/decoder/ctc_greedy_decoder.h"
#include "model/decoder/endpointer.h"
#include "model/recognizer.h"

namespace rill {

class UtteranceBuilder {
 public:
  // `tokens` is not owned.
  UtteranceBuilder(const std::vector<std::string>* tokens, const EndpointRules& rules,
                   bool interim_results);

  // The next encoder frame: log_probs [vocabulary], for the samples [start, end). Endpoints are
  // looked for after every frame, so that they do not depend on how many come at a time.
  void Accept(absl::Span<const float> log_probs, int64_t start, int64_t end);

  // What is there becomes final if there are words; then the mark.
  void Flush(uint64_t flush_id);
  void End();

  // The events so far. If the words have changed since they were last told and are not final, an
  // interim event comes last.
  std::vector<StreamEvent> TakeEvents();

 private:
  void FindEnd();
  void AddFinal(Hypothesis hypothesis);
  void AddFinalIfWords();

  CtcGreedyDecoder decoder_;
  const EndpointRules rules_;
  const bool interim_results_;
  int64_t utterance_start_ = 0;  // samples: the end of what the last final covers
  int64_t letters_told_ = 0;
  std::vector<StreamEvent> events_;
};

}  // namespace rill
