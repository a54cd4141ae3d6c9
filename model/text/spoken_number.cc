#include "model/text/spoken_number.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <vector>

#include "absl/strings/str_cat.h"

namespace rill::text {
namespace {

struct Name {
  const char* text;
  int64_t value;
};

constexpr Name kBelowTwenty[] = {
    {"one", 1},      {"two", 2},        {"three", 3},     {"four", 4},      {"five", 5},
    {"six", 6},      {"seven", 7},      {"eight", 8},     {"nine", 9},      {"ten", 10},
    {"eleven", 11},  {"twelve", 12},    {"thirteen", 13}, {"fourteen", 14}, {"fifteen", 15},
    {"sixteen", 16}, {"seventeen", 17}, {"eighteen", 18}, {"nineteen", 19}};
constexpr Name kTens[] = {{"twenty", 20}, {"thirty", 30},  {"forty", 40},  {"fifty", 50},
                          {"sixty", 60},  {"seventy", 70}, {"eighty", 80}, {"ninety", 90}};
constexpr Name kScales[] = {{"thousand", 1'000},
                            {"million", 1'000'000},
                            {"billion", 1'000'000'000},
                            {"trillion", 1'000'000'000'000}};
// The ordinals that are not their cardinal with -th.
struct Ordinal {
  const char* text;
  const char* cardinal;
};
constexpr Ordinal kIrregularOrdinals[] = {
    {"first", "one"},          {"second", "two"},       {"third", "three"},
    {"fifth", "five"},         {"eighth", "eight"},     {"ninth", "nine"},
    {"twelfth", "twelve"},     {"twentieth", "twenty"}, {"thirtieth", "thirty"},
    {"fortieth", "forty"},     {"fiftieth", "fifty"},   {"sixtieth", "sixty"},
    {"seventieth", "seventy"}, {"eightieth", "eighty"}, {"ninetieth", "ninety"}};

template <size_t n>
std::optional<int64_t> Find(const Name (&names)[n], const std::string& word) {
  const Name* found = std::find_if(std::begin(names), std::end(names),
                                   [&](const Name& name) { return word == name.text; });
  if (found == std::end(names)) return std::nullopt;
  return found->value;
}

bool IsAt(Words words, size_t i, const char* word) { return i < words.size() && words[i] == word; }

bool IsScaleAt(Words words, size_t i) { return i < words.size() && Find(kScales, words[i]); }

Words From(Words words, size_t i) { return words.subspan(std::min(i, words.size())); }

// "and" belongs to a number only between a hundred (or more) and what is below it. Digits one by
// one behind a hundred are no part of it: "eight hundred, five five five".
std::optional<SpokenNumber> ParseRest(Words words) {
  const size_t skipped = IsAt(words, 0, "and") ? 1 : 0;
  auto rest = ParseBelowHundred(From(words, skipped));
  if (!rest) return rest;
  const size_t next = skipped + rest->words;
  if (rest->value < 10 && next < words.size() && SpokenDigit(words[next])) return std::nullopt;
  if (IsAt(words, next, "hundred")) return std::nullopt;  // the next number's
  rest->words = next;
  return rest;
}

// 1 to 999, and 1100 to 9900 in hundreds.
std::optional<SpokenNumber> ParseGroup(Words words) {
  std::optional<SpokenNumber> group = ParseBelowHundred(words);
  if (IsAt(words, 0, "a") && IsAt(words, 1, "hundred")) group = SpokenNumber{1, 1};
  if (!group || group->value % 10 == 0 || !IsAt(words, group->words, "hundred")) return group;
  group->value *= 100;
  group->words += 1;
  if (const auto rest = ParseRest(From(words, group->words))) {
    group->value += rest->value;
    group->words += rest->words;
  }
  return group;
}

// The cardinal of an ordinal's last word.
std::optional<std::string> CardinalOf(const std::string& ordinal) {
  for (const Ordinal& irregular : kIrregularOrdinals) {
    if (ordinal == irregular.text) return irregular.cardinal;
  }
  if (ordinal.size() < 4 || ordinal.compare(ordinal.size() - 2, 2, "th") != 0) return std::nullopt;
  return ordinal.substr(0, ordinal.size() - 2);
}

}  // namespace

std::optional<int> SpokenDigit(const std::string& word) {
  if (word == "zero" || word == "oh") return 0;
  const auto value = Find(kBelowTwenty, word);
  if (!value || *value > 9) return std::nullopt;
  return static_cast<int>(*value);
}

std::optional<SpokenNumber> ParseBelowHundred(Words words) {
  if (words.empty()) return std::nullopt;
  if (const auto value = Find(kBelowTwenty, words[0])) return SpokenNumber{*value, 1};
  const auto tens = Find(kTens, words[0]);
  if (!tens) return std::nullopt;
  if (words.size() > 1) {
    const auto ones = Find(kBelowTwenty, words[1]);
    if (ones && *ones < 10) return SpokenNumber{*tens + *ones, 2};
  }
  return SpokenNumber{*tens, 1};
}

std::optional<SpokenNumber> ParseCardinal(Words words) {
  if (IsAt(words, 0, "zero")) return SpokenNumber{0, 1};
  SpokenNumber sum;
  int64_t limit = std::numeric_limits<int64_t>::max();  // scales come in falling order
  while (true) {
    const Words rest = From(words, sum.words);
    std::optional<SpokenNumber> group = ParseGroup(rest);
    if (!group && sum.words == 0 && IsAt(rest, 0, "a")) group = SpokenNumber{1, 1};
    if (!group) break;
    const auto scale =
        group->words < rest.size() ? Find(kScales, rest[group->words]) : std::optional<int64_t>();
    if (scale && *scale < limit && group->value < 1000) {
      sum.value += group->value * *scale;
      sum.words += group->words + 1;
      limit = *scale;
      continue;
    }
    if (rest[0] == "a" && group->value == 1) break;  // an article, not a number
    if (group->value < limit && !scale) {
      sum.value += group->value;
      sum.words += group->words;
    }
    return sum.words > 0 ? std::optional(sum) : std::nullopt;
  }
  if (sum.words == 0) return std::nullopt;
  if (IsAt(words, sum.words, "and")) {
    const auto rest = ParseRest(From(words, sum.words));
    if (rest && !IsScaleAt(words, sum.words + rest->words)) {
      sum.value += rest->value;
      sum.words += rest->words;
    }
  }
  return sum;
}

std::optional<SpokenNumber> ParseOrdinal(Words words) {
  constexpr size_t kLongest = 8;
  for (size_t n = std::min(words.size(), kLongest); n > 0; --n) {
    const auto last = CardinalOf(words[n - 1]);
    if (!last) continue;
    std::vector<std::string> cardinal(words.begin(), words.begin() + n);
    cardinal.back() = *last;
    const auto number = ParseCardinal(cardinal);
    if (number && number->words == n) return number;
  }
  return std::nullopt;
}

std::optional<SpokenNumber> ParseYear(Words words) {
  // The century: ten to nineteen, or twenty; "twenty one ..." is no year that people speak of.
  const auto century = words.empty() ? std::nullopt
                                     : (words[0] == "twenty" ? std::optional<int64_t>(20)
                                                             : Find(kBelowTwenty, words[0]));
  if (century && *century >= 10) {
    if (IsAt(words, 1, "oh") && words.size() > 2) {
      const auto digit = SpokenDigit(words[2]);
      if (digit && *digit > 0) return SpokenNumber{*century * 100 + *digit, 3};
    }
    const auto years = ParseBelowHundred(From(words, 1));
    if (years && years->value >= 10) {
      const bool hundreds = IsAt(words, 1 + years->words, "hundred");
      if (!hundreds) return SpokenNumber{*century * 100 + years->value, 1 + years->words};
    }
  }
  const auto cardinal = ParseCardinal(words);
  if (cardinal && cardinal->value >= 1000 && cardinal->value < 3000) return cardinal;
  return std::nullopt;
}

std::string FormatInteger(int64_t value) {
  std::string digits = absl::StrCat(value);
  if (value < 10000) return digits;
  for (int i = static_cast<int>(digits.size()) - 3; i > 0; i -= 3) digits.insert(i, 1, ',');
  return digits;
}

std::string FormatOrdinal(int64_t value) {
  const bool teen = value % 100 / 10 == 1;
  const int64_t last = teen ? 0 : value % 10;
  const char* ending = last == 1 ? "st" : last == 2 ? "nd" : last == 3 ? "rd" : "th";
  return FormatInteger(value) + ending;
}

}  // namespace rill::text
