// Greedy CTC decoding of one stream: the best token of every frame, repeats merged, blanks dropped, spaces cut words.
// A word starts at its first token's first frame and ends after its last token's last frame.
// Used by one thread at a time. Memory is bounded by the words since the last Reset.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "model/decoder/hypothesis.h"

namespace rill {

class CtcGreedyDecoder {
 public:
  explicit CtcGreedyDecoder(const std::vector<std::string>* tokens);  // not owned

  // log_probs: [frames, vocabulary] of the frames that follow those given before.
  void Accept(absl::Span<const float> log_probs);

  // The words since the last Reset. The last one may still grow.
  Hypothesis Current() const;

  // Frames since the stream began, and trailing frames without a letter: what endpointing needs.
  int64_t frames() const { return frames_; }
  int64_t trailing_blank_frames() const { return frames_ - last_letter_frame_; }
  bool has_words() const;

  // Starts a new utterance; time goes on.
  void Reset();

 private:
  struct OpenWord;
  const std::vector<std::string>* tokens_;
  int64_t frames_ = 0;
  int64_t last_letter_frame_ = 0;
  int previous_token_ = 0;
  std::vector<Word> words_;
  bool word_open_ = false;
  double log_prob_sum_ = 0;
  int64_t letters_ = 0;
};

}  // namespace rill
