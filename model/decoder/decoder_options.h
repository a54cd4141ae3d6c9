// How a stream is decoded. Plain values; any thread. Scores are natural logarithms.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"

namespace rill {

// Words that the speaker may well say: names, terms. A phrase is one word or several; capitals are
// taken as small letters.
struct HotWord {
  std::string phrase;
  float boost = 0;  // added to the score of a text for each time the phrase is in it; -20 to 20
};
inline constexpr int kMaxHotWords = 1000;
inline constexpr int kMaxHotWordLetters = 100;
inline constexpr float kMaxBoost = 20;

// How the defaults were chosen, for the models shipped with rill: docs/decoding.md.
struct BeamOptions {
  int beam = 128;  // hypotheses kept; 1 to 128
  // A text's score: log p(text | audio) + lm_weight * log p(text) + word_bonus * words +
  // letter_bonus * letters + boosts; the three in the middle with a language model only.
  float lm_weight = 1.1f;      // 0 to 10
  float word_bonus = 0.0f;     // -20 to 20
  float letter_bonus = 2.5f;   // -20 to 20; spaces are no letters
  float blank_penalty = 0.0f;  // taken off the blank's log-probability in each frame; -20 to 20
  // A letter that is less likely than its frame's best by more than this is not tried; 0 to 100.
  float token_threshold = 8.0f;
  // A hypothesis worse than the best by more than this is dropped; 0 to 1000.
  float beam_threshold = 13.0f;
  // Only words of the language model's lexicon and hot words; needs a language model. Otherwise any
  // letters; then, if there is a language model, a word outside of its lexicon has these as its
  // -log p, and what follows is scored without a history. A hot
  // word outside of the lexicon costs unknown_word_penalty only.
  bool lexicon = false;
  float unknown_word_penalty = 10.0f;   // 0 to 100
  float unknown_letter_penalty = 2.6f;  // 0 to 100, for each letter

  absl::Status Validate() const;  // names the field at fault
};

struct DecoderOptions {
  enum class Kind {
    kGreedy,  // the best letter of every frame; with hot words a beam without language model
    kBeam,    // beam search, with the recogniser's language model if it has one
  };
  Kind kind = Kind::kGreedy;
  BeamOptions beam;
  std::vector<HotWord> hot_words;
  // An utterance of one or two words with less confidence is taken for noise: its final has no
  // words. 0 to 1; only for models whose confidence is calibrated.
  float min_confidence = 0.2f;
  int alternatives =
      0;  // other texts that finals carry at most; a greedy stream has none; 0 to 100

  absl::Status Validate() const;
};

}  // namespace rill
