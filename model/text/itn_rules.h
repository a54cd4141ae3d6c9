// The rules of inverse text normalisation, one function each: does this kind of thing begin at the
// first of these words, how many of them does it take, and how is it written? Pure functions; any
// thread. Words are lower case; a rule that does not know a word lets it be, so other languages and
// any UTF-8 pass unchanged.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "model/text/spoken_number.h"

namespace rill::text {

struct Written {
  std::string text;
  size_t words = 0;  // taken; at least 1
};

// "january fifth nineteen ninety": january 5, 1990. "the fifth of january": 5 january.
std::optional<Written> WriteDate(Words words);

// "three thirty p m": 3:30 pm. "half past three": 3:30. "ten o'clock": 10:00.
std::optional<Written> WriteTime(Words words);

// "five dollars and twenty cents": $5.20. "three million euros": €3 million.
std::optional<Written> WriteMoney(Words words);

// "three point one four": 3.14. "minus two point five million": -2.5 million.
std::optional<Written> WriteDecimal(Words words);

// "twelve percent": 12%.
std::optional<Written> WritePercent(Words words);

// "twenty first": 21st. Up to twelfth they stay words, and so does a day that no month has. One
// that ends in "second" may be a duration, "a thirty second timer": it counts before "of" or a
// month, and behind "the", where WriteOrdinalAfterThe is asked.
std::optional<Written> WriteOrdinal(Words words);
std::optional<Written> WriteOrdinalAfterThe(Words words);

// "nineteen eighty four": 1984.
std::optional<Written> WriteYear(Words words);

// Three digits or more, one by one, as telephone numbers and codes are said: "five five five one
// two three four": 555-1234. "double oh seven": 007.
std::optional<Written> WriteDigits(Words words);

// "twenty five": 25. "minus five": -5. Up to twelve they stay words, as in books.
std::optional<Written> WriteCardinal(Words words);

// "u s a": USA.
std::optional<Written> WriteLetters(Words words);

bool IsMonth(const std::string& word);

// A number with all that may belong to it, for rules that need one: "five", "two point five",
// "three million". digits: as written. Small numbers, too.
struct Amount {
  std::string digits;
  bool whole = false;  // no decimals, no word behind
  size_t words = 0;
};
std::optional<Amount> ParseAmount(Words words);

}  // namespace rill::text
