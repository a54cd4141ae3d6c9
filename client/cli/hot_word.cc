#include "client/cli/hot_word.h"

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace rill::client {
namespace {

constexpr float kMaxBoost = 20;

}  // namespace

absl::StatusOr<v1::HotWord> ParseHotWord(absl::string_view text) {
  v1::HotWord word;
  const size_t equals = text.rfind('=');
  if (equals != absl::string_view::npos) {
    float boost = 0;
    if (!absl::SimpleAtof(text.substr(equals + 1), &boost)) {
      return absl::InvalidArgumentError(absl::StrCat(text, ": what follows = is no number"));
    }
    if (!(boost >= -kMaxBoost && boost <= kMaxBoost)) {  // nor is it NaN
      return absl::InvalidArgumentError(
          absl::StrCat(text, ": a boost is from ", -kMaxBoost, " to ", kMaxBoost));
    }
    word.set_boost(boost);
  }
  word.set_phrase(std::string(absl::StripAsciiWhitespace(text.substr(0, equals))));
  if (word.phrase().empty()) return absl::InvalidArgumentError(absl::StrCat(text, ": no phrase"));
  return word;
}

}  // namespace rill::client
