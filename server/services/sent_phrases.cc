#include "server/services/sent_phrases.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "server/services/invalid_field.h"

namespace rill::server {

absl::StatusOr<float> ToBoost(float sent, const std::string& field) {
  if (std::isnan(sent)) return InvalidField(field, "is not a number");
  return sent == 0 ? kDefaultBoost : std::clamp(sent, -kMaxBoost, kMaxBoost);
}

void AddPhrase(const std::string& text, float boost, const std::string& field,
               std::vector<SentPhrase>* phrases) {
  if (!text.empty() && !TooMany(*phrases)) phrases->push_back({{text, boost}, field});
}

std::vector<HotWord> ToHotWords(const std::vector<SentPhrase>& phrases) {
  std::vector<HotWord> hot_words;
  hot_words.reserve(phrases.size());
  for (const SentPhrase& phrase : phrases) hot_words.push_back(phrase.hot_word);
  return hot_words;
}

absl::Status AsSent(const absl::Status& status, const std::string& fields,
                    const std::vector<SentPhrase>& phrases) {
  absl::string_view problem = status.message();
  if (absl::ConsumePrefix(&problem, "hot_words: ")) {
    return absl::Status(status.code(), absl::StrCat(fields, ": ", problem));
  }
  if (!absl::ConsumePrefix(&problem, "hot_words[")) return status;
  const size_t end = problem.find("]: ");
  size_t at;
  if (end == problem.npos || !absl::SimpleAtoi(problem.substr(0, end), &at) ||
      at >= phrases.size()) {
    return status;
  }
  return absl::Status(status.code(), absl::StrCat(phrases[at].field, problem.substr(end + 1)));
}

}  // namespace rill::server
