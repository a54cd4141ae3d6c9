// Forced alignment: the most likely way to say a text in given frames, by Viterbi search over the
// text's letters with blanks between them (A. Graves et al., "Connectionist temporal
// classification", ICML 2006, section 4.1, with the maximum in place of the sum). Spaces are
// letters. Pure function; any thread.
#pragma once

#include <string>
#include <vector>

#include "absl/types/span.h"

namespace rill {

struct AlignedSpan {
  int first = 0;  // frame of its first letter's first
  int last = 0;   // and of its last letter's last
};

// Of each word of `words`, in order. Empty if the frames are too few for the text, or a letter is
// not among `tokens` (tokens[0]: blank). log_probs [frames, outputs], the tokens first.
std::vector<AlignedSpan> AlignText(absl::Span<const float> log_probs, size_t outputs,
                                   const std::vector<std::string>& tokens,
                                   const std::vector<std::string>& words);

}  // namespace rill
