// rill-decode-eval sweep: word error rates for any settings of the decoder, and what decoding
// costs. Used by one thread at a time.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "tests/bench/decoding/evaluation.h"

namespace rill {

// Lists: every combination is tried.
struct Sweep {
  std::vector<std::string> decoders = {"greedy", "beam", "open", "lexicon"};
  std::vector<int> beams = {BeamOptions().beam};
  std::vector<float> lm_weights = {BeamOptions().lm_weight};
  std::vector<float> word_bonuses = {BeamOptions().word_bonus};
  std::vector<float> letter_bonuses = {BeamOptions().letter_bonus};
  std::vector<float> blank_penalties = {BeamOptions().blank_penalty};
  std::vector<float> token_thresholds = {BeamOptions().token_threshold};
  std::vector<float> beam_thresholds = {BeamOptions().beam_threshold};
  std::vector<float> unknown_words = {BeamOptions().unknown_word_penalty};
  std::vector<float> unknown_letters = {BeamOptions().unknown_letter_penalty};
  std::vector<float> min_confidences = {DecoderOptions().min_confidence};
  std::vector<int> alternatives = {0};
};

struct SweepCommand {
  Sweep sweep;
  std::string half = "all";  // of each corpus's clips: all, odd, even
  bool show = false;         // what was said and what was heard

  absl::Status Run(const Evaluation& evaluation) const;

 private:
  absl::Status RunSetting(const DecoderSetting& setting, const Evaluation& evaluation) const;
};

}  // namespace rill
