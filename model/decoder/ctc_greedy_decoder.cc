#include "model/decoder/ctc_greedy_decoder.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>

namespace rill {
namespace {

constexpr size_t kBlank = 0;

// A NaN is never the best; if the blank's is one, the frame counts as blank.
size_t BestToken(absl::Span<const float> log_probs) {
  size_t best = kBlank;
  for (size_t i = 1; i < log_probs.size(); ++i) {
    if (log_probs[i] > log_probs[best]) best = i;
  }
  return best;
}

float GeometricMean(double log_prob_sum, int64_t tokens) {
  if (tokens == 0) return 0;
  return static_cast<float>(std::min(1.0, std::exp(log_prob_sum / static_cast<double>(tokens))));
}

}  // namespace

CtcGreedyDecoder::CtcGreedyDecoder(const std::vector<std::string>* tokens) : tokens_(tokens) {}

void CtcGreedyDecoder::Accept(absl::Span<const float> log_probs, int64_t start, int64_t end) {
  const size_t token = BestToken(log_probs);
  const bool repeats = token == previous_token_;
  previous_token_ = token;
  time_ = end;
  if (token == kBlank) {
    letter_open_ = false;
  } else if (repeats) {
    Prolong(log_probs[token], end);
  } else {
    Append((*tokens_)[token], log_probs[token], start, end);
  }
}

// A token may hold spaces: each cuts a word, what is between them are letters.
void CtcGreedyDecoder::Append(const std::string& token, float log_prob, int64_t start,
                              int64_t end) {
  run_log_prob_ = log_prob;
  letter_open_ = false;
  size_t at = 0;
  while (at < token.size()) {
    if (token[at] == ' ') {
      word_open_ = false;
      letter_open_ = false;
      ++at;
      continue;
    }
    const size_t until = std::min(token.find(' ', at), token.size());
    if (!word_open_) {
      words_.emplace_back();
      words_.back().word.start = start;
    }
    word_open_ = letter_open_ = true;
    CountedWord& counted = words_.back();
    counted.word.text.append(token, at, until - at);
    counted.word.end = end;
    counted.log_prob_sum += log_prob;
    ++counted.tokens;
    ++letters_heard_;
    last_letter_end_ = end;
    at = until;
  }
}

void CtcGreedyDecoder::Prolong(float log_prob, int64_t end) {
  if (!letter_open_) return;  // a space, or a letter whose word has been taken
  CountedWord& counted = words_.back();
  counted.word.end = end;
  last_letter_end_ = end;
  if (log_prob > run_log_prob_) {
    counted.log_prob_sum += double{log_prob} - run_log_prob_;
    run_log_prob_ = log_prob;
  }
}

Hypothesis CtcGreedyDecoder::ToHypothesis(absl::Span<const CountedWord> words) {
  Hypothesis hypothesis;
  double log_prob_sum = 0;
  int64_t tokens = 0;
  for (const CountedWord& counted : words) {
    if (!hypothesis.text.empty()) hypothesis.text += ' ';
    hypothesis.text += counted.word.text;
    hypothesis.words.push_back(counted.word);
    hypothesis.words.back().confidence = GeometricMean(counted.log_prob_sum, counted.tokens);
    log_prob_sum += counted.log_prob_sum;
    tokens += counted.tokens;
  }
  hypothesis.confidence = GeometricMean(log_prob_sum, tokens);
  return hypothesis;
}

Hypothesis CtcGreedyDecoder::Current() const { return ToHypothesis(words_); }

Hypothesis CtcGreedyDecoder::Take() {
  Hypothesis taken = Current();
  words_.clear();
  word_open_ = letter_open_ = false;
  return taken;
}

Hypothesis CtcGreedyDecoder::TakeClosed() {
  if (!word_open_ || words_.size() < 2) return Take();
  Hypothesis taken = ToHypothesis(absl::MakeConstSpan(words_).first(words_.size() - 1));
  words_.erase(words_.begin(), std::prev(words_.end()));
  return taken;
}

int64_t CtcGreedyDecoder::first_word_start() const {
  return words_.empty() ? time_ : words_.front().word.start;
}

}  // namespace rill
