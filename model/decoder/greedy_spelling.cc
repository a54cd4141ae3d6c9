#include "model/decoder/greedy_spelling.h"

#include <algorithm>

#include "model/decoder/ctc_frame.h"
#include "model/decoder/speller.h"
#include "model/decoder/text_scorer.h"

namespace rill {
namespace {

constexpr size_t kMostMisspelling = 2;
constexpr size_t kMaxWordBytes = 4 * kMaxWordLetters;  // longer ones are in states made up

// V. Levenshtein, "Binary codes capable of correcting deletions, insertions and reversals", 1966.
size_t EditDistance(const std::string& a, const std::string& b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j < row.size(); ++j) row[j] = j;
  for (size_t i = 0; i < a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i + 1;
    for (size_t j = 0; j < b.size(); ++j) {
      const size_t above = row[j + 1];
      row[j + 1] = std::min({above + 1, row[j] + 1, diagonal + (a[i] == b[j] ? 0 : 1)});
      diagonal = above;
    }
  }
  return row.back();
}

float Misspelling(const std::string& word, const std::string& heard) {
  if (word.empty() || word.size() > kMaxWordBytes) return 0;
  const size_t most = kMostMisspelling * word.size();
  const size_t distance =
      heard.size() >= word.size() + most ? most : std::min(most, EditDistance(word, heard));
  return static_cast<float>(distance) / static_cast<float>(word.size());
}

}  // namespace

void GreedySpelling::Accept(absl::Span<const float> log_probs, int64_t start) {
  const auto best = static_cast<int32_t>(LikeliestToken(log_probs));
  const bool said = best != CtcFrame::kBlank && best != last_ && (*tokens_)[best] != " ";
  if (said && letters_.size() < kMostLetters) letters_.push_back({start, best});
  last_ = best;
}

std::vector<GreedySpelling::Letter>::const_iterator GreedySpelling::FirstFrom(int64_t time) const {
  return std::lower_bound(
      letters_.begin(), letters_.end(), time,
      [](const Letter& letter, int64_t sought) { return letter.start < sought; });
}

std::string GreedySpelling::Between(int64_t from, int64_t to) const {
  std::string text;
  for (auto letter = FirstFrom(from); letter != letters_.end() && letter->start < to; ++letter) {
    text += EvidenceLetter(*tokens_, letter->token, phones_);
  }
  return text;
}

void GreedySpelling::Judge(int64_t end, Hypothesis* hypothesis) const {
  std::vector<Word>& words = hypothesis->words;
  for (size_t i = 0; i < words.size(); ++i) {
    const int64_t from = i == 0 ? words[i].start : words[i - 1].end;
    const int64_t to = i + 1 < words.size() ? words[i + 1].start : end;
    words[i].evidence.misspelling = Misspelling(words[i].evidence.letters, Between(from, to));
  }
}

void GreedySpelling::Forget(int64_t before) { letters_.erase(letters_.begin(), FirstFrom(before)); }

void GreedySpelling::Save(StateWriter& writer) const {
  writer.Write<uint64_t>(letters_.size());
  for (const Letter& letter : letters_) {
    writer.Write(letter.start);
    writer.Write(letter.token);
  }
  writer.Write(last_);
}

void GreedySpelling::Load(StateReader& reader) {
  const auto last_token = static_cast<int32_t>(tokens_->size()) - 1;
  const size_t count = reader.ReadCount(kMostLetters, "likeliest letters");
  letters_.clear();
  while (letters_.size() < count && reader.ok()) {
    const int64_t start = reader.ReadTime();
    reader.Require(letters_.empty() || letters_.back().start <= start, "order of letters");
    letters_.push_back({start, reader.ReadIn<int32_t>(1, last_token, "a likeliest letter")});
  }
  last_ = reader.ReadIn<int32_t>(0, last_token, "likeliest token");
}

}  // namespace rill
