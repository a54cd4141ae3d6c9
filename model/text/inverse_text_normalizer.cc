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
    text::WriteDate,    text::WriteTime, text::WriteMoney,  text::WritePercent,  text::WriteDecimal,
    text::WriteOrdinal, text::WriteYear, text::WriteDigits, text::WriteCardinal, text::WriteLetters,
};

// What begins at all[i].
text::Written Write(text::Words all, size_t i) {
  const text::Words words = all.subspan(i);
  if (i > 0 && all[i - 1] == "the") {
    if (auto written = text::WriteOrdinalAfterThe(words)) return *std::move(written);
  }
  for (const Rule rule : kRules) {
    if (auto written = rule(words)) return *std::move(written);
  }
  return {words[0], 1};
}

}  // namespace

Hypothesis InverseTextNormalize(const Hypothesis& spoken) {
  std::vector<std::string> texts;
  texts.reserve(spoken.words.size());
  for (const Word& word : spoken.words) texts.push_back(word.text);

  Hypothesis result = spoken;
  result.words.clear();
  for (size_t i = 0; i < texts.size();) {
    text::Written written = Write(texts, i);
    const size_t next = i + written.words;
    Word word{std::move(written.text), spoken.words[i].start, spoken.words[next - 1].end,
              spoken.words[i].confidence};
    for (; i < next; ++i) word.confidence = std::min(word.confidence, spoken.words[i].confidence);
    result.words.push_back(std::move(word));
  }
  result.text = JoinWords(result.words);
  return result;
}

}  // namespace rill
