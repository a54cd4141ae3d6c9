#include "model/decoder/counted_word.h"

#include <algorithm>
#include <cmath>

namespace rill {
namespace {

float GeometricMean(double log_prob_sum, int64_t tokens) {
  if (tokens == 0) return 0;
  return static_cast<float>(std::min(1.0, std::exp(log_prob_sum / static_cast<double>(tokens))));
}

// Of words, and of letters in one.
constexpr size_t kMaxCount = 1 << 20;

}  // namespace

Hypothesis ToHypothesis(absl::Span<const CountedWord> words) {
  Hypothesis hypothesis;
  double log_prob_sum = 0;
  int64_t tokens = 0;
  for (const CountedWord& counted : words) {
    Word& word = hypothesis.words.emplace_back(counted.word);
    word.confidence = GeometricMean(counted.log_prob_sum, counted.tokens);
    word.evidence.mean_log_prob =
        static_cast<float>(counted.log_prob_sum / std::max(counted.tokens, 1));
    word.evidence.least_log_prob = counted.least_log_prob;
    log_prob_sum += counted.log_prob_sum;
    tokens += counted.tokens;
  }
  hypothesis.text = JoinWords(hypothesis.words);
  hypothesis.confidence = GeometricMean(log_prob_sum, tokens);
  return hypothesis;
}

void Save(absl::Span<const CountedWord> words, StateWriter& writer) {
  writer.Write<uint64_t>(words.size());
  for (const CountedWord& counted : words) {
    writer.WriteString(counted.word.text);
    writer.WriteString(counted.word.evidence.letters);
    writer.Write(counted.word.start);
    writer.Write(counted.word.end);
    writer.Write(counted.log_prob_sum);
    writer.Write(counted.least_log_prob);
    writer.Write<int64_t>(counted.tokens);
  }
}

std::vector<CountedWord> LoadCountedWords(StateReader& reader) {
  std::vector<CountedWord> words;
  const size_t count = reader.ReadCount(kMaxCount, "words");
  while (words.size() < count && reader.ok()) {
    CountedWord& counted = words.emplace_back();
    counted.word.text = reader.ReadString(kMaxCount, "a word");
    counted.word.evidence.letters = reader.ReadString(kMaxCount, "letters of a word");
    counted.word.start = reader.ReadTime();
    counted.word.end = reader.ReadTime();
    counted.log_prob_sum = reader.Read<double>();
    counted.least_log_prob = reader.Read<float>();
    counted.tokens = static_cast<int>(reader.ReadIn<int64_t>(0, kMaxCount, "tokens of a word"));
  }
  return words;
}

}  // namespace rill
