#include <algorithm>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "model/text/itn_rules.h"

namespace rill::text {
namespace {

constexpr const char* kMonths[] = {"january",   "february", "march",    "april",
                                   "may",       "june",     "july",     "august",
                                   "september", "october",  "november", "december"};

// Words, too: they are dates only beside a day or a year that cannot be anything else.
bool IsWord(const std::string& month) { return month == "may" || month == "march"; }

std::optional<SpokenNumber> DayOf(std::optional<SpokenNumber> number) {
  if (!number || number->value < 1 || number->value > 31) return std::nullopt;
  return number;
}

// "january fifth", "january the fifth", "january five nineteen ninety", "january nineteen ninety".
std::optional<Written> WriteMonthFirst(Words words) {
  if (words.size() < 2 || !IsMonth(words[0])) return std::nullopt;
  const std::string& month = words[0];
  const size_t article = words[1] == "the" ? 1 : 0;
  auto day = DayOf(ParseOrdinal(words.subspan(1 + article)));
  size_t taken = 1 + article + (day ? day->words : 0);
  if (!day && article == 0 && !IsWord(month)) {
    if (const auto year = ParseYear(words.subspan(1))) {
      return Written{absl::StrCat(month, " ", year->value), 1 + year->words};
    }
    day = DayOf(ParseBelowHundred(words.subspan(1)));
    if (day) taken = 1 + day->words;
  }
  if (!day) return std::nullopt;
  Written written{absl::StrCat(month, " ", day->value), taken};
  if (const auto year = ParseYear(words.subspan(taken))) {
    absl::StrAppend(&written.text, ", ", year->value);
    written.words += year->words;
  }
  return written;
}

// "the fifth of january nineteen ninety", "fifth of january".
std::optional<Written> WriteDayFirst(Words words) {
  const size_t article = !words.empty() && words[0] == "the" ? 1 : 0;
  const auto day = DayOf(ParseOrdinal(words.subspan(article)));
  if (!day) return std::nullopt;
  const size_t of = article + day->words;
  if (of + 1 >= words.size() || words[of] != "of" || !IsMonth(words[of + 1])) return std::nullopt;
  Written written{absl::StrCat(day->value, " ", words[of + 1]), of + 2};
  if (const auto year = ParseYear(words.subspan(written.words))) {
    absl::StrAppend(&written.text, " ", year->value);
    written.words += year->words;
  }
  return written;
}

}  // namespace

bool IsMonth(const std::string& word) {
  return std::find(std::begin(kMonths), std::end(kMonths), word) != std::end(kMonths);
}

std::optional<Written> WriteDate(Words words) {
  if (auto written = WriteMonthFirst(words)) return written;
  return WriteDayFirst(words);
}

}  // namespace rill::text
