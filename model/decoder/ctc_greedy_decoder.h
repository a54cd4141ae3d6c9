// Greedy CTC decoding of one stream: the best token of every frame, repeats merged, blanks dropped,
// spaces cut words. A word starts at its first token's first frame and ends after its last token's
// last frame. Used by one thread at a time. Memory grows with the words since the last Take only.
// Confidences: see counted_word.h; a letter is being said while it is the best of its frames.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "model/decoder/counted_word.h"
#include "model/decoder/ctc_decoder.h"

namespace rill {

class CtcGreedyDecoder final : public CtcDecoder {
 public:
  // tokens[0] is the blank. Not owned.
  explicit CtcGreedyDecoder(const std::vector<std::string>* tokens);

  void Accept(absl::Span<const float> log_probs, int64_t start, int64_t end) override;
  Hypothesis Current() const override;
  // One hypothesis, whatever `n`.
  std::vector<Hypothesis> TakeNBest(int n) override;
  std::vector<Hypothesis> TakeClosedNBest(int n) override;

  bool has_words() const override { return !words_.empty(); }
  int64_t first_word_start() const override;
  bool SetHotWords(std::shared_ptr<const HotWords> hot_words) override {
    return hot_words == nullptr;
  }
  DecoderOptions::Kind kind() const override { return DecoderOptions::Kind::kGreedy; }

 private:
  void SaveWords(StateWriter& writer) const override;
  void LoadWords(StateReader& reader) override;
  void Append(const std::string& token, float log_prob, int64_t start, int64_t end);
  void Prolong(float log_prob, int64_t end);

  const std::vector<std::string>* const tokens_;
  size_t previous_token_ = 0;
  float run_log_prob_ = 0;  // the best of the current run so far
  float least_before_ = 0;  // of the open word's tokens before the current run
  std::vector<CountedWord> words_;
  bool word_open_ = false;    // the last of words_ may grow
  bool letter_open_ = false;  // its last token's run goes on
};

}  // namespace rill
