// Which word that was said a word that was heard stands for: the alignment with the fewest errors
// (Levenshtein). Pure function; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace rill {

// What stands between blanks.
std::vector<std::string> SplitWords(std::string_view text);

// For each word that was heard, the place of the word said that it is the same as or, if `wrong`,
// stands in place of; -1: it was inserted.
struct AlignedWord {
  int reference = -1;
  bool correct = false;
};
std::vector<AlignedWord> AlignWords(const std::vector<std::string>& reference,
                                    const std::vector<std::string>& heard);

}  // namespace rill
