// How an English word is likely said, in the phones of the CMU Pronouncing Dictionary without their
// stress: by flite's dictionary, or else its rules. For words that a language model's lexicon has
// not. Any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace rill {

// "AA", "B", ...; empty if nothing is known to say it. `word`: lower-case letters and apostrophes;
// of any other character nothing is known.
std::vector<std::string> LetterToSound(std::string_view word);

}  // namespace rill
