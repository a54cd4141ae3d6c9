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
  std::string text;  // empty: these words stay as they are
  size_t words = 0;  // taken; at least 1
};

// "january fifth nineteen ninety": january 5, 1990. "the fifth of january": 5 january.
std::optional<Written> WriteDate(Words words);

// "three thirty p m": 3:30 pm. "half past three": 3:30. "ten o'clock": 10:00. "three thirty" alone
// may be anything; it is a time before "tonight" or "in the morning", before another time ("to five
// p m"), and behind "at" and the like where nothing follows that it may count ("at three thirty
// dollars"): WriteTimeAfterAt.
std::optional<Written> WriteTime(Words words);
std::optional<Written> WriteTimeAfterAt(Words words);
bool JoinsTimes(const std::string& word);  // "to", "or", ...: behind it as behind "at"

// "five dollars and twenty cents", "five dollars twenty": $5.20. "three million euros": €3 million.
std::optional<Written> WriteMoney(Words words);

// "three point one four": 3.14. "minus two point five million": -2.5 million. "two point one point
// three": 2.1.3.
std::optional<Written> WriteDecimal(Words words);

// "twelve percent": 12%.
std::optional<Written> WritePercent(Words words);

// "twenty first": 21st. Up to twelfth they stay words, and so does a day that no month has. One
// that ends in "second" may be a duration, "a thirty second timer": it counts before "of" or a
// month, and behind "the", where WriteOrdinalAfterThe is asked.
std::optional<Written> WriteOrdinal(Words words);
std::optional<Written> WriteOrdinalAfterThe(Words words);

// "nineteen eighty four": 1984. "nineteen eighties": 1980s. "nineteen twenty" may be counting: a
// year behind "in" and the like.
std::optional<Written> WriteYear(Words words);
std::optional<Written> WriteYearAfterIn(Words words);

// Three digits or more, one by one, as telephone numbers and codes are said: "five five five one
// two three four" or "five five five twelve thirty four": 555-1234. "double oh seven": 007. "one
// eight hundred five five five one two three four": 1-800-555-1234.
std::optional<Written> WriteDigits(Words words);

// "two or three hundred", "five to ten percent"; behind "between", "two and three hundred": what is
// behind the second number belongs to the first one, too. They stay words.
std::optional<Written> KeepRange(Words words);
std::optional<Written> KeepRangeAfterBetween(Words words);

// "three thirty", "one twenty thousand": a number that is written as a word and another one right
// behind it may be one number, two, or a time. They stay words, all that follow each other.
std::optional<Written> KeepNumbersInARow(Words words);

// "twenty five": 25. "minus five": -5. Up to twelve they stay words, as in books.
std::optional<Written> WriteCardinal(Words words);

// "u s a": USA.
std::optional<Written> WriteLetters(Words words);

bool IsMonth(const std::string& word);

// Whether no word follows that a number before `words` may count: nothing at all, or a word such as
// "and", "on", "we", "is", "tomorrow".
bool CountsNothing(Words words);

struct Currency {
  const char* one;
  const char* many;
  const char* sign;
  const char* hundredth;  // of one
  const char* hundredths;
};
const Currency* FindCurrency(const std::string& word);  // "dollar", "dollars"; null if it is none

// A number with all that may belong to it, for rules that need one: "five", "two point five",
// "three million". digits: as written. Small numbers, too.
struct Amount {
  std::string digits;
  bool whole = false;  // no decimals, no word behind
  size_t words = 0;
};
std::optional<Amount> ParseAmount(Words words);

}  // namespace rill::text
