// Greedy CTC decoding of one stream: the best token of every frame, repeats merged, blanks dropped,
// spaces cut words. A word starts at its first token's first frame and ends after its last token's
// last frame. Used by one thread at a time. Memory grows with the words since the last Take only.
//
// A token's probability is the highest the model gave it in its run of frames; a word's confidence
// is the geometric mean over its tokens, a hypothesis's that over all tokens of all its words.
// These are the model's own figures, not calibrated: CTC models are surer of themselves than they
// are right.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "model/decoder/hypothesis.h"

namespace rill {

class CtcGreedyDecoder {
 public:
  // tokens[0] is the blank. Not owned.
  explicit CtcGreedyDecoder(const std::vector<std::string>* tokens);

  // The next frame: log_probs [vocabulary], for the samples [start, end).
  void Accept(absl::Span<const float> log_probs, int64_t start, int64_t end);

  // The words since the last Take. The last one may still grow.
  Hypothesis Current() const;

  // Current(), and begins anew: the next letter starts a new word.
  Hypothesis Take();

  // As Take, but a word that no space has closed yet stays for the next utterance, unless it is the
  // only one: for cuts that the speaker did not make.
  Hypothesis TakeClosed();

  bool has_words() const { return !words_.empty(); }
  int64_t first_word_start() const;       // of the current words; only if there are any
  int64_t time() const { return time_; }  // end of the last frame
  int64_t last_letter_end() const { return last_letter_end_; }  // 0 before the first letter
  // Counts the letters heard: the words have changed if this has.
  int64_t letters_heard() const { return letters_heard_; }

 private:
  struct CountedWord {
    Word word;
    double log_prob_sum = 0;
    int tokens = 0;
  };

  void Append(const std::string& token, float log_prob, int64_t start, int64_t end);
  void Prolong(float log_prob, int64_t end);
  static Hypothesis ToHypothesis(absl::Span<const CountedWord> words);

  const std::vector<std::string>* const tokens_;
  int64_t time_ = 0;
  int64_t last_letter_end_ = 0;
  int64_t letters_heard_ = 0;
  size_t previous_token_ = 0;
  float run_log_prob_ = 0;  // the best of the current run so far
  std::vector<CountedWord> words_;
  bool word_open_ = false;    // the last of words_ may grow
  bool letter_open_ = false;  // its last token's run goes on
};

}  // namespace rill
