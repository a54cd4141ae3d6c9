#include <iterator>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
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
  return Written{amount->digits, amount->words};
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
    return Written{absl::StrJoin(words.first(number->words), " "), number->words};
  }
  return Written{FormatOrdinal(number->value), number->words};
}

std::optional<Written> WriteYear(Words words) {
  const auto year = ParseYear(words);
  if (!year || year->value < 1300 || year->value > 2099) return std::nullopt;
  // Said in two halves. Two numbers that follow each other are counting, not a year; and a third
  // number behind them makes it something else.
  if (year->value % 100 == year->value / 100 + 1) return std::nullopt;
  if (ParseBelowHundred(words.subspan(year->words))) return std::nullopt;
  return Written{absl::StrCat(year->value), year->words};
}

std::optional<Written> WriteCardinal(Words words) {
  if (!words.empty() && words[0] == "minus") return AfterMinus(words, WriteUnsignedCardinal);
  const auto number = ParseCardinal(words);
  if (!number || number->value <= kLargestInWords) return std::nullopt;
  if (number->words == 2 && words[0] == "a") return std::nullopt;  // "a hundred", "a million"
  return Written{FormatCardinal(number->value), number->words};
}

}  // namespace rill::text
