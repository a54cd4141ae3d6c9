#include <algorithm>
#include <iterator>

#include "absl/strings/str_format.h"
#include "model/text/itn_rules.h"

namespace rill::text {
namespace {

// Pounds are weights as often as money: only with pence or "sterling" behind them.
constexpr Currency kCurrencies[] = {{"dollar", "dollars", "$", "cent", "cents"},
                                    {"euro", "euros", "€", "cent", "cents"},
                                    {"pound", "pounds", "£", "penny", "pence"},
                                    {"rupee", "rupees", "₹", "paisa", "paise"},
                                    {"yen", "yen", "¥", "", ""}};

// "and twenty cents", "twenty"; the words taken, 0 if they are not there.
size_t ParseHundredths(Words words, const Currency& currency, int64_t* value) {
  const size_t skipped = !words.empty() && words[0] == "and" ? 1 : 0;
  const auto number = ParseBelowHundred(words.subspan(skipped));
  if (!number) return 0;
  const size_t unit = skipped + number->words;
  *value = number->value;
  const bool hundredths = currency.hundredth[0] != '\0' && number->value >= 10;
  if (hundredths && skipped == 0 && CountsNothing(words.subspan(unit))) return unit;
  if (unit >= words.size()) return 0;
  if (words[unit] != currency.hundredth && words[unit] != currency.hundredths) return 0;
  return unit + 1;
}

}  // namespace

const Currency* FindCurrency(const std::string& word) {
  const auto* found =
      std::find_if(std::begin(kCurrencies), std::end(kCurrencies),
                   [&](const Currency& c) { return word == c.one || word == c.many; });
  return found == std::end(kCurrencies) ? nullptr : found;
}

std::optional<Written> WriteMoney(Words words) {
  const auto amount = ParseAmount(words);
  if (!amount || amount->words >= words.size()) return std::nullopt;
  if (amount->words == 2 && words[0] == "a") return std::nullopt;  // "a hundred dollars"
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
