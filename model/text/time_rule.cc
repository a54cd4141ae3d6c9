#include <algorithm>
#include <iterator>

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

// "tonight", "at night", "in the morning"; "sharp".
bool IsPartOfDay(Words words) {
  if (IsAt(words, 0, "tonight") || IsAt(words, 0, "sharp")) return true;
  if (IsAt(words, 0, "at")) return IsAt(words, 1, "night");
  return IsAt(words, 0, "in") && IsAt(words, 1, "the") &&
         (IsAt(words, 2, "morning") || IsAt(words, 2, "afternoon") || IsAt(words, 2, "evening"));
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

// "three thirty", "three oh five".
std::optional<Written> WriteHourAndMinutes(Words words) {
  const auto hour = ParseHour(words);
  if (!hour) return std::nullopt;
  const auto minutes = ParseMinutes(words.subspan(hour->words));
  if (!minutes) return std::nullopt;
  return Write(hour->value, minutes->value, hour->words + minutes->words, words);
}

// A time that says so itself.
std::optional<Written> WriteSureTime(Words words) {
  if (auto relative = WriteRelative(words)) return relative;
  const auto hour = ParseHour(words);
  if (!hour) return std::nullopt;
  const Words rest = words.subspan(hour->words);
  if (IsAt(rest, 0, "o'clock")) return Write(hour->value, 0, hour->words + 1, words);
  if (const Written half = ParseHalfDay(rest); half.words > 0) {
    return Written{absl::StrCat(hour->value, " ", half.text), hour->words + half.words};
  }
  auto time = WriteHourAndMinutes(words);
  if (!time) return std::nullopt;
  const bool half_day = time->text.back() == 'm';  // 3:30 pm
  if (!half_day && !IsPartOfDay(words.subspan(time->words))) return std::nullopt;
  return time;
}

// What may follow a number that counts nothing.
constexpr const char* kNotCounted[] = {
    "and",    "or",       "but",       "so",       "then",   "to",       "until",   "till",
    "on",     "in",       "for",       "at",       "from",   "with",     "before",  "after",
    "when",   "while",    "because",   "if",       "as",     "since",    "by",      "not",
    "i",      "you",      "he",        "she",      "we",     "they",     "it",      "there",
    "this",   "that",     "the",       "my",       "your",   "his",      "her",     "our",
    "their",  "is",       "was",       "are",      "were",   "will",     "would",   "can",
    "could",  "should",   "has",       "have",     "had",    "next",     "last",    "every",
    "today",  "tomorrow", "yesterday", "tonight",  "now",    "sharp",    "exactly", "please",
    "monday", "tuesday",  "wednesday", "thursday", "friday", "saturday", "sunday"};

}  // namespace

bool CountsNothing(Words words) {
  return words.empty() || std::find(std::begin(kNotCounted), std::end(kNotCounted), words[0]) !=
                              std::end(kNotCounted);
}

std::optional<Written> WriteTimeAfterAt(Words words) {
  auto time = WriteHourAndMinutes(words);
  if (!time || !CountsNothing(words.subspan(time->words))) return std::nullopt;
  // "seven eleven" and "nine eleven" are names.
  if (IsAt(words, 1, "eleven")) return std::nullopt;
  return time;
}

bool JoinsTimes(const std::string& word) {
  return word == "to" || word == "and" || word == "or" || word == "until" || word == "till";
}

std::optional<Written> WriteTime(Words words) {
  if (auto time = WriteSureTime(words)) return time;
  auto time = WriteHourAndMinutes(words);
  if (!time || time->words >= words.size() || !JoinsTimes(words[time->words])) return std::nullopt;
  if (!WriteSureTime(words.subspan(time->words + 1))) return std::nullopt;
  return time;
}

}  // namespace rill::text
