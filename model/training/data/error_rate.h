// Word and character error rate by edit distance (Levenshtein), summed over the clips of a corpus.
// Pure functions and a plain value; any thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace rill::training {

struct EditCounts {
  int64_t substitutions = 0;
  int64_t deletions = 0;   // in the reference, not in the hypothesis
  int64_t insertions = 0;  // in the hypothesis, not in the reference
  int64_t reference = 0;   // words or characters

  int64_t errors() const { return substitutions + deletions + insertions; }
  // Percent of the reference; may exceed 100. 0 if nothing was said and nothing was heard, 100 if
  // something was heard in silence.
  double rate() const;
  EditCounts& operator+=(const EditCounts& other);
};

// Words are what stands between blanks; runs of blanks count as one. Characters are code points of
// UTF-8, one blank between words included.
EditCounts WordErrors(std::string_view reference, std::string_view hypothesis);
EditCounts CharacterErrors(std::string_view reference, std::string_view hypothesis);

// Of a text, as CharacterErrors counts them.
int64_t CharacterCount(std::string_view text);

struct ErrorRates {
  EditCounts words;
  EditCounts characters;

  void Add(std::string_view reference, std::string_view hypothesis);
  ErrorRates& operator+=(const ErrorRates& other);
};

// By corpus name.
using ErrorTable = std::map<std::string, ErrorRates>;

}  // namespace rill::training
