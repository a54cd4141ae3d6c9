#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "model/text/itn_rules.h"

namespace rill::text {
namespace {

constexpr size_t kFewestDigits = 3;

// "oh oh oh" and "i i i" are said by people who stutter, "a a" by those who look for a word.
bool IsStutter(Words words) {
  return std::all_of(words.begin(), words.end(), [](const std::string& word) {
    return word == "oh" || word == "a" || word == "i";
  });
}

// As telephone numbers are written where their lengths are usual; else as they are.
std::string FormatDigits(const std::string& digits) {
  const auto part = [&](size_t from, size_t count) { return digits.substr(from, count); };
  if (digits.size() == 7) return absl::StrCat(part(0, 3), "-", part(3, 4));
  if (digits.size() == 10) return absl::StrCat(part(0, 3), "-", part(3, 3), "-", part(6, 4));
  if (digits.size() == 11 && digits[0] == '1') {
    return absl::StrCat("1-", part(1, 3), "-", part(4, 3), "-", part(7, 4));
  }
  return digits;
}

bool IsTelephone(const std::string& digits) { return FormatDigits(digits).size() > digits.size(); }

// "twelve thirty four", the end of a telephone number: 1234.
std::optional<Written> ParseTwoPairs(Words words) {
  const auto first = ParseBelowHundred(words);
  if (!first || first->value < 10) return std::nullopt;
  const auto second = ParseBelowHundred(words.subspan(first->words));
  if (!second || second->value < 10) return std::nullopt;
  const size_t taken = first->words + second->words;
  const bool counting = second->value == first->value + 1;
  if (counting || ParseBelowHundred(words.subspan(taken))) return std::nullopt;
  return Written{absl::StrCat(first->value, second->value), taken};
}

std::optional<Written> WriteOneByOne(Words words) {
  const bool plus = !words.empty() && words[0] == "plus";
  std::string digits;
  size_t i = plus ? 1 : 0;
  while (i < words.size()) {
    const size_t times = words[i] == "double" ? 2 : words[i] == "triple" ? 3 : 1;
    const size_t at = times > 1 ? i + 1 : i;
    if (at >= words.size()) break;
    const auto digit = SpokenDigit(words[at]);
    if (!digit) break;
    digits.append(times, static_cast<char>('0' + *digit));
    i = at + 1;
  }
  if (digits.size() < kFewestDigits || IsStutter(words.first(i))) return std::nullopt;
  const auto pairs = ParseTwoPairs(words.subspan(i));
  if (pairs && IsTelephone(digits + pairs->text)) {
    digits += pairs->text;
    i += pairs->words;
  }
  return Written{plus ? "+" + digits : FormatDigits(digits), i};
}

// "one eight hundred five five five one two three four".
std::optional<Written> WriteAreaOfHundreds(Words words) {
  const size_t one = !words.empty() && words[0] == "one" ? 1 : 0;
  const auto area = ParseBelowHundred(words.subspan(one));
  if (!area || area->value > 9 || one + 1 >= words.size() || words[one + 1] != "hundred") {
    return std::nullopt;
  }
  const auto rest = WriteOneByOne(words.subspan(one + 2));
  constexpr size_t kLocalSize = 8;  // 555-1234
  if (!rest || rest->text.size() != kLocalSize || rest->text[3] != '-') return std::nullopt;
  return Written{absl::StrCat(one == 1 ? "1-" : "", area->value, "00-", rest->text),
                 one + 2 + rest->words};
}

}  // namespace

std::optional<Written> WriteDigits(Words words) {
  if (auto written = WriteAreaOfHundreds(words)) return written;
  return WriteOneByOne(words);
}

std::optional<Written> WriteLetters(Words words) {
  std::string letters;
  size_t i = 0;
  while (i < words.size() && words[i].size() == 1 && absl::ascii_islower(words[i][0])) {
    letters += absl::ascii_toupper(words[i][0]);
    i += 1;
  }
  // "a" and "i" are words: two letters with one of them may be chance.
  const bool sure = letters.size() > 2 || letters.find_first_of("AI") == std::string::npos;
  if (letters.size() < 2 || !sure || IsStutter(words.first(i))) return std::nullopt;
  return Written{letters, i};
}

}  // namespace rill::text
