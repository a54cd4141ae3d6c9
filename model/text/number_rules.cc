#include <iterator>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "model/text/itn_rules.h"

namespace rill::text {
namespace {

constexpr int64_t kLargestInWords = 12;

bool IsScale(const std::string& word) {
  return word == "million" || word == "billion" || word == "trillion";
}

// ".14" of "point one four" or "point fourteen".
std::optional<Written> ParseFraction(Words words) {
  if (words.size() < 2 || words[0] != "point") return std::nullopt;
  Written fraction{".", 1};
  while (fraction.words < words.size()) {
    const auto digit = SpokenDigit(words[fraction.words]);
    if (!digit) break;
    absl::StrAppend(&fraction.text, *digit);
    fraction.words += 1;
  }
  if (fraction.words > 1) return fraction;
  const auto pair = ParseBelowHundred(words.subspan(1));
  if (!pair) return std::nullopt;
  return Written{absl::StrCat(".", pair->value), 1 + pair->words};
}

// Long round numbers keep their last word: 3 million.
std::string FormatCardinal(int64_t value) {
  constexpr struct {
    int64_t value;
    const char* name;
  } kScales[] = {
      {1'000'000'000'000, " trillion"}, {1'000'000'000, " billion"}, {1'000'000, " million"}};
  for (const auto& scale : kScales) {
    if (value >= scale.value && value % scale.value == 0) {
      return FormatInteger(value / scale.value) + scale.name;
    }
  }
  return FormatInteger(value);
}

std::optional<Written> AfterMinus(Words words, std::optional<Written> (*rule)(Words)) {
  auto written = rule(words.subspan(1));
  if (!written) return std::nullopt;
  return Written{"-" + written->text, written->words + 1};
}

std::optional<Written> WriteUnsignedCardinal(Words words) {
  const auto number = ParseCardinal(words);
  if (!number) return std::nullopt;
  return Written{FormatCardinal(number->value), number->words};
}

// "nineteen eighties", "eighteen hundreds".
std::optional<Written> WriteDecade(Words words) {
  if (words.size() < 2) return std::nullopt;
  std::string decade = words[1];
  if (absl::EndsWith(decade, "ies")) {
    decade.replace(decade.size() - 3, 3, "y");
  } else if (decade == "hundreds") {
    decade = "hundred";
  } else {
    return std::nullopt;
  }
  const std::string singular[] = {words[0], decade};
  const auto year = ParseYear(singular);
  if (!year || year->words != 2 || year->value < 1300 || year->value > 2099) return std::nullopt;
  return Written{absl::StrCat(year->value, "s"), 2};
}

// KeepRange of a range with this word in its middle.
std::optional<Written> KeepRangeJoinedBy(const std::string& between, Words words) {
  const auto from = ParseBelowHundred(words);
  if (!from || from->words >= words.size() || words[from->words] != between) return std::nullopt;
  const size_t second = from->words + 1;
  const auto to = ParseBelowHundred(words.subspan(second));
  if (!to || to->value <= from->value) return std::nullopt;
  const auto whole = ParseCardinal(words.subspan(second));
  if (!whole) return std::nullopt;
  const Words unit = words.subspan(second + to->words);
  const bool round = whole->words == to->words + 1;  // and a hundred, a thousand
  const bool small = from->value <= kLargestInWords && whole->words == to->words && !unit.empty() &&
                     (unit[0] == "percent" || unit[0] == "per" || FindCurrency(unit[0]));
  if (!round && !small) return std::nullopt;
  return Written{"", second + whole->words};
}

// A number at the beginning of `words` that none of the rules for more than numbers takes: the
// dollars of "five twenty dollar bills" are no part of "five twenty".
std::optional<SpokenNumber> NumberInARow(Words words) {
  const auto number = ParseCardinal(words);
  if (!number || words[0] == "a" || WriteTime(words) || WriteOrdinal(words)) return std::nullopt;
  const Words unit = words.subspan(number->words);
  const Currency* currency = unit.empty() ? nullptr : FindCurrency(unit[0]);
  if (currency != nullptr && unit[0] == currency->one && WriteMoney(words)) return std::nullopt;
  return number;
}

}  // namespace

std::optional<Amount> ParseAmount(Words words) {
  const auto number = ParseCardinal(words);
  if (!number) return std::nullopt;
  Amount amount{FormatCardinal(number->value), true, number->words};
  amount.whole = amount.digits == FormatInteger(number->value);
  if (const auto fraction = ParseFraction(words.subspan(number->words))) {
    amount = {FormatInteger(number->value) + fraction->text, false,
              number->words + fraction->words};
    if (amount.words < words.size() && IsScale(words[amount.words])) {
      absl::StrAppend(&amount.digits, " ", words[amount.words]);
      amount.words += 1;
    }
  }
  return amount;
}

std::optional<Written> WriteDecimal(Words words) {
  if (!words.empty() && words[0] == "minus") return AfterMinus(words, WriteDecimal);
  const auto amount = ParseAmount(words);
  if (!amount || amount->digits.find('.') == std::string::npos) return std::nullopt;
  Written written{amount->digits, amount->words};
  while (const auto more = ParseFraction(words.subspan(written.words))) {
    absl::StrAppend(&written.text, more->text);
    written.words += more->words;
  }
  return written;
}

std::optional<Written> WritePercent(Words words) {
  if (!words.empty() && words[0] == "minus") return AfterMinus(words, WritePercent);
  const auto amount = ParseAmount(words);
  if (!amount) return std::nullopt;
  const Words unit = words.subspan(amount->words);
  if (!unit.empty() && unit[0] == "percent")
    return Written{amount->digits + "%", amount->words + 1};
  if (unit.size() > 1 && unit[0] == "per" && unit[1] == "cent") {
    return Written{amount->digits + "%", amount->words + 2};
  }
  return std::nullopt;
}

std::optional<Written> WriteOrdinal(Words words) {
  const auto number = ParseOrdinal(words);
  if (!number) return std::nullopt;
  const Words next = words.subspan(number->words);
  const bool counts = !next.empty() && (next[0] == "of" || IsMonth(next[0]));
  if (words[number->words - 1] == "second" && !counts) return std::nullopt;
  return WriteOrdinalAfterThe(words);
}

std::optional<Written> WriteOrdinalAfterThe(Words words) {
  const auto number = ParseOrdinal(words);
  if (!number || number->value <= kLargestInWords) return std::nullopt;
  const Words next = words.subspan(number->words);
  if (number->value > 31 && next.size() > 1 && next[0] == "of" && IsMonth(next[1])) {
    return Written{"", number->words};
  }
  return Written{FormatOrdinal(number->value), number->words};
}

std::optional<Written> WriteYear(Words words) {
  if (auto decade = WriteDecade(words)) return decade;
  const auto year = ParseYear(words);
  // Said in two halves. Two numbers that follow each other are counting, not a year; but of 2021
  // one speaks more often.
  const bool counting = year && year->value % 100 == year->value / 100 + 1 && year->value != 2021;
  return counting ? std::nullopt : WriteYearAfterIn(words);
}

std::optional<Written> WriteYearAfterIn(Words words) {
  const auto year = ParseYear(words);
  if (!year || year->value < 1300 || year->value > 2099) return std::nullopt;
  // A third number behind them makes it something else.
  if (ParseBelowHundred(words.subspan(year->words))) return std::nullopt;
  return Written{absl::StrCat(year->value), year->words};
}

std::optional<Written> KeepRange(Words words) {
  if (auto kept = KeepRangeJoinedBy("to", words)) return kept;
  return KeepRangeJoinedBy("or", words);
}

std::optional<Written> KeepRangeAfterBetween(Words words) {
  return KeepRangeJoinedBy("and", words);
}

std::optional<Written> KeepNumbersInARow(Words words) {
  size_t taken = !words.empty() && words[0] == "minus" ? 1 : 0;
  const auto first = ParseCardinal(words.subspan(taken));
  if (!first || first->value > kLargestInWords) return std::nullopt;
  taken += first->words;
  const auto second = NumberInARow(words.subspan(taken));
  if (!second || second->value <= kLargestInWords) return std::nullopt;
  while (const auto next = NumberInARow(words.subspan(taken))) taken += next->words;
  return Written{"", taken};
}

std::optional<Written> WriteCardinal(Words words) {
  if (!words.empty() && words[0] == "minus") return AfterMinus(words, WriteUnsignedCardinal);
  const auto number = ParseCardinal(words);
  if (!number || number->value <= kLargestInWords) return std::nullopt;
  if (number->words == 2 && words[0] == "a") return std::nullopt;  // "a hundred", "a million"
  return Written{FormatCardinal(number->value), number->words};
}

}  // namespace rill::text
