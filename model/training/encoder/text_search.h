// What the decoder would make of a clip: its likeliest texts, and what it adds to the
// log-probability of each. For losses that look at texts as the decoder sees them.
//
// Immutable; any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "model/decoder/decoder_options.h"
#include "model/decoder/hypothesis.h"
#include "model/decoder/speller.h"
#include "model/decoder/text_scorer.h"
#include "model/language_model/language_model.h"

namespace rill::training {

class TextSearch {
 public:
  // The server's but for the beam: as wide as for the shipped models; a server may look further.
  static BeamOptions DefaultOptions() { return {.beam = 64}; }

  struct Found {
    std::string text;             // as Spell would have it
    std::vector<int32_t> labels;  // its tokens
    double score = 0;  // nats that the decoder adds to log p(text | audio): TextScorer's, of all
  };

  // tokens[0] is the CTC blank; phones if the language model's lexicon is made of them, else
  // letters. `texts`: as many as Find gives at most. InvalidArgument if no beam can take these
  // tokens or the options are out of range.
  static absl::StatusOr<std::unique_ptr<TextSearch>> Create(
      const std::vector<std::string>& tokens, std::unique_ptr<const LanguageModel> model,
      const BeamOptions& options, int texts);

  // log_probs: [frames, vocab]. Distinct texts, those that the decoder likes best; one at least. By
  // phones some may differ in words only that sound alike.
  std::vector<Found> Find(const float* log_probs, int64_t frames) const;

  // The tokens' names, joined.
  std::string Spell(const std::vector<int32_t>& labels) const;

 private:
  TextSearch(const std::vector<std::string>& tokens, std::unique_ptr<const LanguageModel> model,
             const BeamOptions& options, int texts);

  std::vector<int32_t> LabelsOf(const Word& word) const;
  Found ToFound(const Hypothesis& hypothesis) const;

  const std::vector<std::string> tokens_;
  const std::unique_ptr<const LanguageModel> model_;
  const BeamOptions options_;
  const int texts_;
  const Speller speller_;
  const TextScorer scorer_;
};

}  // namespace rill::training
