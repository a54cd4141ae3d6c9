#include "model/text/inverse_text_normalizer.h"

#include <algorithm>
#include <string>
#include <vector>

#include "model/text/itn_rules.h"

namespace rill {
namespace {

using Rule = std::optional<text::Written> (*)(text::Words);

// The more words a kind of thing needs around its number, the earlier it is asked for.
constexpr Rule kRules[] = {
    text::WriteDate,    text::WriteTime,         text::KeepRange,     text::WriteMoney,
    text::WritePercent, text::WriteDecimal,      text::WriteOrdinal,  text::WriteYear,
    text::WriteDigits,  text::KeepNumbersInARow, text::WriteCardinal, text::WriteLetters,
};

// What the word before says.
constexpr struct {
  const char* before;
  Rule rule;
} kCues[] = {
    {"the", text::WriteOrdinalAfterThe},      {"at", text::WriteTimeAfterAt},
    {"until", text::WriteTimeAfterAt},        {"till", text::WriteTimeAfterAt},
    {"by", text::WriteTimeAfterAt},           {"around", text::WriteTimeAfterAt},
    {"before", text::WriteTimeAfterAt},       {"after", text::WriteTimeAfterAt},
    {"since", text::WriteTimeAfterAt},        {"in", text::WriteYearAfterIn},
    {"since", text::WriteYearAfterIn},        {"year", text::WriteYearAfterIn},
    {"between", text::KeepRangeAfterBetween},
};

// "3:30 or".
bool AnotherTimeMayFollow(const std::vector<Word>& written) {
  const size_t n = written.size();
  return n >= 2 && text::JoinsTimes(written[n - 1].text) &&
         written[n - 2].text.find(':') != std::string::npos;
}

// What begins at all[i]; `written_before`: what came out of the words before.
text::Written Write(text::Words all, size_t i, const std::vector<Word>& written_before) {
  const text::Words words = all.subspan(i);
  if (AnotherTimeMayFollow(written_before)) {
    if (auto written = text::WriteTimeAfterAt(words)) return *std::move(written);
  }
  for (const auto& cue : kCues) {
    if (i == 0 || all[i - 1] != cue.before) continue;
    if (auto written = cue.rule(words)) return *std::move(written);
  }
  for (const Rule rule : kRules) {
    if (auto written = rule(words)) return *std::move(written);
  }
  return {"", 1};
}

}  // namespace

Hypothesis InverseTextNormalize(const Hypothesis& spoken) {
  std::vector<std::string> texts;
  texts.reserve(spoken.words.size());
  for (const Word& word : spoken.words) texts.push_back(word.text);

  Hypothesis result = spoken;
  result.words.clear();
  for (size_t i = 0; i < texts.size();) {
    text::Written written = Write(texts, i, result.words);
    const size_t next = i + written.words;
    if (written.text.empty()) {
      for (; i < next; ++i) result.words.push_back(spoken.words[i]);
      continue;
    }
    Word word{std::move(written.text), spoken.words[i].start, spoken.words[next - 1].end,
              spoken.words[i].confidence};
    for (; i < next; ++i) word.confidence = std::min(word.confidence, spoken.words[i].confidence);
    result.words.push_back(std::move(word));
  }
  result.text = JoinWords(result.words);
  return result;
}

}  // namespace rill
