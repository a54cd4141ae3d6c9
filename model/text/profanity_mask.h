// Hides offensive words: the first letter stays, stars for the rest. Immutable after construction;
// any thread.
#pragma once

#include <string>
#include <unordered_set>
#include <vector>

#include "model/decoder/hypothesis.h"

namespace rill {

class ProfanityMask {
 public:
  // The built-in list of English words and their usual endings.
  ProfanityMask();
  // A list of one's own: whole words, lower case.
  explicit ProfanityMask(std::vector<std::string> words);

  // The same hypothesis with its offensive words masked, one star for each further character
  // (UTF-8).
  Hypothesis Apply(const Hypothesis& hypothesis) const;

 private:
  std::unordered_set<std::string> words_;
};

}  // namespace rill
