#include "model/decoder/ctc_greedy_decoder.h"

#include <algorithm>
#include <iterator>

#include "model/decoder/ctc_frame.h"

namespace rill {
namespace {

constexpr size_t kBlank = CtcFrame::kBlank;
constexpr float kOpenWordAgreement = 0.5f;

}  // namespace

CtcGreedyDecoder::CtcGreedyDecoder(const std::vector<std::string>* tokens) : tokens_(tokens) {}

void CtcGreedyDecoder::Accept(absl::Span<const float> log_probs, int64_t start, int64_t end) {
  const size_t token = LikeliestToken(log_probs);
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
    least_before_ = counted.least_log_prob;
    counted.least_log_prob = std::min(least_before_, log_prob);
    ++counted.tokens;
    ++changes_;
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
    counted.least_log_prob = std::min(least_before_, log_prob);
  }
}

// The word that may grow is not settled.
Hypothesis CtcGreedyDecoder::Current() const {
  Hypothesis hypothesis = ToHypothesis(words_);
  if (word_open_) hypothesis.words.back().agreement = kOpenWordAgreement;
  return hypothesis;
}

std::vector<Hypothesis> CtcGreedyDecoder::TakeNBest(int) {
  std::vector<Hypothesis> taken{Current()};
  words_.clear();
  word_open_ = letter_open_ = false;
  return taken;
}

std::vector<Hypothesis> CtcGreedyDecoder::TakeClosedNBest(int n) {
  if (!word_open_ || words_.size() < 2) return TakeNBest(n);
  std::vector<Hypothesis> taken{ToHypothesis(absl::MakeConstSpan(words_).first(words_.size() - 1))};
  words_.erase(words_.begin(), std::prev(words_.end()));
  return taken;
}

int64_t CtcGreedyDecoder::first_word_start() const {
  return words_.empty() ? time_ : words_.front().word.start;
}

void CtcGreedyDecoder::SaveWords(StateWriter& writer) const {
  writer.Write<uint64_t>(previous_token_);
  writer.Write(run_log_prob_);
  writer.Write(least_before_);
  rill::Save(words_, writer);
  writer.Write(word_open_);
  writer.Write(letter_open_);
}

void CtcGreedyDecoder::LoadWords(StateReader& reader) {
  previous_token_ = reader.ReadCount(tokens_->size() - 1, "previous token");
  run_log_prob_ = reader.Read<float>();
  least_before_ = reader.Read<float>();
  words_ = LoadCountedWords(reader);
  word_open_ = reader.ReadBool();
  letter_open_ = reader.ReadBool();
  reader.Require(!words_.empty() || !(word_open_ || letter_open_), "open word");
}

}  // namespace rill
