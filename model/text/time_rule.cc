#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "model/text/itn_rules.h"

namespace rill::text {
namespace {

bool IsAt(Words words, size_t i, const char* word) { return i < words.size() && words[i] == word; }

std::optional<SpokenNumber> ParseHour(Words words) {
  const auto hour = ParseBelowHundred(words);
  if (!hour || hour->value > 12) return std::nullopt;
  return hour;
}

// 10 to 59, or "oh five".
std::optional<SpokenNumber> ParseMinutes(Words words) {
  if (IsAt(words, 0, "oh") && words.size() > 1) {
    const auto digit = SpokenDigit(words[1]);
    if (digit && *digit > 0) return SpokenNumber{*digit, 2};
    return std::nullopt;
  }
  const auto minutes = ParseBelowHundred(words);
  if (!minutes || minutes->value < 10 || minutes->value > 59) return std::nullopt;
  return minutes;
}

// "a m", "p m", "am", "pm": the half of the day, and the words it takes.
Written ParseHalfDay(Words words) {
  for (const char* half : {"am", "pm"}) {
    if (IsAt(words, 0, half)) return {half, 1};
    if (!words.empty() && words[0] == std::string(1, half[0]) && IsAt(words, 1, "m"))
      return {half, 2};
  }
  return {};
}

Written Write(int64_t hour, int64_t minutes, size_t taken, Words words) {
  Written written{absl::StrFormat("%d:%02d", hour, minutes), taken};
  const Written half = ParseHalfDay(words.subspan(taken));
  if (half.words > 0) {
    absl::StrAppend(&written.text, " ", half.text);
    written.words += half.words;
  }
  return written;
}

// "half past three", "a quarter to four", "ten past six", "twenty minutes to nine".
std::optional<Written> WriteRelative(Words words) {
  size_t i = IsAt(words, 0, "a") ? 1 : 0;
  int64_t minutes = 0;
  bool exact = true;  // beyond doubt a time, even with "to"
  if (IsAt(words, i, "half")) {
    minutes = 30;
    i += 1;
  } else if (IsAt(words, i, "quarter")) {
    minutes = 15;
    i += 1;
  } else if (const auto spoken = ParseBelowHundred(words); spoken && spoken->value < 60) {
    minutes = spoken->value;
    i = spoken->words;
    exact = IsAt(words, i, "minutes");
    if (exact) i += 1;
  } else {
    return std::nullopt;
  }
  const bool past = IsAt(words, i, "past");
  if (!past && !(exact && minutes != 30 && IsAt(words, i, "to"))) return std::nullopt;
  const auto hour = ParseHour(words.subspan(i + 1));
  if (!hour) return std::nullopt;
  i += 1 + hour->words;
  if (past) return Write(hour->value, minutes, i, words);
  return Write(hour->value == 1 ? 12 : hour->value - 1, 60 - minutes, i, words);
}

}  // namespace

std::optional<Written> WriteTime(Words words) {
  if (auto relative = WriteRelative(words)) return relative;
  const auto hour = ParseHour(words);
  if (!hour) return std::nullopt;
  const Words rest = words.subspan(hour->words);
  if (IsAt(rest, 0, "o'clock")) return Write(hour->value, 0, hour->words + 1, words);
  const auto minutes = ParseMinutes(rest);
  const size_t taken = hour->words + (minutes ? minutes->words : 0);
  const Written half = ParseHalfDay(words.subspan(taken));
  if (half.words == 0) return std::nullopt;  // "three thirty" alone may be anything
  if (minutes) return Write(hour->value, minutes->value, taken, words);
  return Written{absl::StrCat(hour->value, " ", half.text), taken + half.words};
}

}  // namespace rill::text
