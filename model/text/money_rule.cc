#include <algorithm>
#include <iterator>

#include "absl/strings/str_format.h"
#include "model/text/itn_rules.h"

namespace rill::text {
namespace {

struct Currency {
  const char* one;
  const char* many;
  const char* sign;
  const char* hundredth;  // of one
  const char* hundredths;
};
// Pounds are weights as often as money: only with pence or "sterling" behind them.
constexpr Currency kCurrencies[] = {{"dollar", "dollars", "$", "cent", "cents"},
                                    {"euro", "euros", "€", "cent", "cents"},
                                    {"pound", "pounds", "£", "penny", "pence"},
                                    {"rupee", "rupees", "₹", "paisa", "paise"},
                                    {"yen", "yen", "¥", "", ""}};

const Currency* FindCurrency(const std::string& word) {
  const auto* found =
      std::find_if(std::begin(kCurrencies), std::end(kCurrencies),
                   [&](const Currency& c) { return word == c.one || word == c.many; });
  return found == std::end(kCurrencies) ? nullptr : found;
}

// "and twenty cents"; the words taken, 0 if they are not there.
size_t ParseHundredths(Words words, const Currency& currency, int64_t* value) {
  const size_t skipped = !words.empty() && words[0] == "and" ? 1 : 0;
  const auto number = ParseBelowHundred(words.subspan(skipped));
  if (!number) return 0;
  const size_t unit = skipped + number->words;
  if (unit >= words.size()) return 0;
  if (words[unit] != currency.hundredth && words[unit] != currency.hundredths) return 0;
  *value = number->value;
  return unit + 1;
}

}  // namespace

std::optional<Written> WriteMoney(Words words) {
  const auto amount = ParseAmount(words);
  if (!amount || amount->words >= words.size() || words[0] == "a") return std::nullopt;
  const Currency* currency = FindCurrency(words[amount->words]);
  if (currency == nullptr) return std::nullopt;
  Written written{currency->sign + amount->digits, amount->words + 1};
  int64_t hundredths = 0;
  const size_t more =
      amount->whole ? ParseHundredths(words.subspan(written.words), *currency, &hundredths) : 0;
  if (more > 0) {
    return Written{written.text + absl::StrFormat(".%02d", hundredths), written.words + more};
  }
  const bool sterling = written.words < words.size() && words[written.words] == "sterling";
  if (sterling) written.words += 1;
  if (currency->sign == std::string("£") && !sterling) return std::nullopt;
  return written;
}

}  // namespace rill::text
