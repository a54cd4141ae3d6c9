// English numbers as people say them: "one hundred and five", "nineteen eighty four", "twenty
// first". Pure functions of words; any thread.
//
// Each parser looks at the beginning of `words` and takes the longest number there; nullopt if
// there is none. Words are lower case.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/types/span.h"

namespace rill::text {

using Words = absl::Span<const std::string>;

struct SpokenNumber {
  int64_t value = 0;
  size_t words = 0;  // taken
};

// zero to nine; "oh" is zero, too.
std::optional<int> SpokenDigit(const std::string& word);

// 1 to 99: "seven", "nineteen", "forty two".
std::optional<SpokenNumber> ParseBelowHundred(Words words);

// zero to 999 trillion: "twelve hundred", "a thousand and one", "two million three thousand".
std::optional<SpokenNumber> ParseCardinal(Words words);

// "first", "twenty second", "one hundredth".
std::optional<SpokenNumber> ParseOrdinal(Words words);

// 1000 to 2999, said as years are: "nineteen oh five", "eighteen hundred", "twenty twenty six",
// "two thousand and four".
std::optional<SpokenNumber> ParseYear(Words words);

// 12345 as "12,345"; numbers of up to four digits without a comma.
std::string FormatInteger(int64_t value);

// 21 as "21st".
std::string FormatOrdinal(int64_t value);

}  // namespace rill::text
