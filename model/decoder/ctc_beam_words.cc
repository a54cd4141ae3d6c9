// What the texts of a CtcBeamDecoder say: words, their times, how much of the beam agrees on them.
#include <algorithm>
#include <cmath>
#include <limits>

#include "model/decoder/ctc_beam_decoder.h"

namespace rill {
namespace {

constexpr float kMostOpenAgreement = 0.9999f;
constexpr float kMostDisputedAgreement = 0x1.fffffep-1f;  // the largest below 1
constexpr double kLeastWeight = std::numeric_limits<double>::min();

}  // namespace

int64_t CtcBeamDecoder::WordsId(int32_t node) const {
  return node == pool_.root() && decided_.empty() ? 0 : pool_[node].words_id;
}

WordId CtcBeamDecoder::LastWord(int32_t node) const {
  if (WordsId(node) == 0) return kUnknownWord;
  const TextState& text = pool_[node].text;
  return text.letters > 0 ? scorer_.Guess(text) : text.word;
}

bool CtcBeamDecoder::has_words() const {
  return !decided_.empty() || beam_.front().node != pool_.root();
}

int64_t CtcBeamDecoder::first_word_start() const {
  if (!decided_.empty()) return decided_.front().word.start;
  int64_t start = time_;
  VisitLetters(beam_.front().node,
               [&start](int32_t, int32_t, const Said& said) { start = said.start; });
  return std::max(start, taken_until_);
}

template <typename Visit>
void CtcBeamDecoder::VisitLetters(int32_t node, const Visit& visit) const {
  Said said = pool_[node].said;
  int64_t next_start = time_;
  int32_t after = PrefixNode::kNone;
  for (; node != pool_.root(); after = node, node = pool_[node].parent) {
    if (pool_[node].text.letters > 0) {
      // What is known of a letter may have changed since the next one knew of it.
      said.end = std::min(said.end, next_start);
      said.start = std::min(said.start, said.end - 1);
      next_start = said.start;
      visit(node, after, said);
    }
    said = pool_[node].before;
  }
}

// The words between the root and `node`.
void CtcBeamDecoder::AppendWords(int32_t node, WordId open, std::vector<CountedWord>* words) const {
  const size_t first = words->size();
  bool in_word = false;
  VisitLetters(node, [&](int32_t at, int32_t after, const Said& said) {
    if (!in_word) {
      words->emplace_back();
      words->back().word.end = said.end;
      words->back().word.text =
          scorer_.Spelling(after == PrefixNode::kNone ? open : pool_[after].text.word);
    }
    CountedWord& counted = words->back();
    counted.word.evidence.letters.insert(0, scorer_.Letter(pool_[at].token));
    counted.word.start = said.start;
    counted.log_prob_sum += said.peak;
    counted.least_log_prob = std::min(counted.least_log_prob, said.peak);
    ++counted.tokens;
    in_word = pool_[at].text.letters > 1;
    if (!in_word && !scorer_.by_phones()) counted.word.text = counted.word.evidence.letters;
  });
  std::reverse(words->begin() + static_cast<int64_t>(first), words->end());
  // What is decided keeps its times.
  int64_t least = first == 0 ? taken_until_ : (*words)[first - 1].word.end;
  for (size_t i = first; i < words->size(); ++i) {
    Word& word = (*words)[i].word;
    word.start = std::max(word.start, least);
    least = word.end = std::max(word.end, word.start);
  }
}

// The weight of the texts that leave that of `node` before the end of a word of it is against the
// word, of all weight.
void CtcBeamDecoder::SetAgreement(int32_t node, absl::Span<CountedWord> words) const {
  std::vector<int32_t> path, place(pool_.capacity(), -1);
  for (; node != pool_.root(); node = pool_[node].parent) {
    place[node] = static_cast<int32_t>(path.size());
    path.push_back(node);
  }
  place[pool_.root()] = static_cast<int32_t>(path.size());
  std::vector<double> leaving(path.size() + 1);  // the path where it has been like it until then
  double total = 0;
  for (const Entry& entry : beam_) {
    int32_t at = entry.node;
    while (place[at] < 0) at = pool_[at].parent;
    const double weight = std::max(std::exp(entry.score - beam_.front().score), kLeastWeight);
    leaving[place[at]] += weight;
    total += weight;
  }
  double against = leaving[path.size()];
  size_t word = 0;
  // A state that was loaded may hold more ends than words.
  for (size_t i = path.size(); i-- > 0 && word < words.size();) {
    const bool open = pool_[path[i]].text.letters > 0;
    if (i == 0 || !open) {
      auto agreement = static_cast<float>(1 - against / total);
      // 1 is a promise: nothing in the beam is otherwise, however unlikely.
      if (against > 0) agreement = std::min(agreement, kMostDisputedAgreement);
      // All may agree on how a word begins, but it may go on.
      words[word++].word.agreement = open ? std::min(agreement, kMostOpenAgreement) : agreement;
    }
    against += leaving[i];
  }
}

Hypothesis CtcBeamDecoder::Read(int32_t node, WordId open, double score) const {
  std::vector<CountedWord> words = decided_;
  AppendWords(node, open, &words);
  SetAgreement(node, absl::MakeSpan(words).subspan(decided_.size()));
  Hypothesis hypothesis = ToHypothesis(words);
  hypothesis.score = score;
  return hypothesis;
}

Hypothesis CtcBeamDecoder::Current() const {
  const Entry& best = beam_.front();
  return Read(best.node, LastWord(best.node), best.score + offset_);
}

}  // namespace rill
