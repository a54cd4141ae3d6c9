#include "model/language_model/language_model.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "model/language_model/codebook.h"

namespace rill {
namespace {

bool AllWithin(const uint8_t* floats, uint64_t count, float min, float max) {
  for (uint64_t i = 0; i < count; ++i) {
    const float value = FloatAt(floats, i);
    if (!(value >= min && value <= max)) return false;
  }
  return true;
}

}  // namespace

absl::StatusOr<std::unique_ptr<LanguageModel>> LanguageModel::Open(const std::string& path) {
  absl::StatusOr<std::unique_ptr<MappedFile>> file = MappedFile::Open(path);
  if (!file.ok()) return file.status();
  const absl::StatusOr<LmCounts> counts = ReadLmHeader((*file)->bytes());
  absl::Status status = counts.status();
  if (status.ok()) {
    auto model = std::unique_ptr<LanguageModel>(new LanguageModel(*std::move(file), *counts));
    status = model->Check();
    if (status.ok()) return model;
  }
  return absl::Status(status.code(), absl::StrCat(path, ": ", status.message()));
}

LanguageModel::LanguageModel(std::unique_ptr<MappedFile> file, const LmCounts& counts)
    : file_(std::move(file)), counts_(counts), layout_(counts) {
  const uint8_t* data = file_->bytes().data();
  for (int i = 0; i < counts_.order; ++i) {
    const LmLayout::Order& at = layout_.orders[i];
    Table& table = tables_[i];
    table.count = counts_.ngrams[i];
    table.log_probs = data + at.log_probs;
    if (i > 0) {
      table.words = PackedInts(data + at.words, layout_.word_width);
      table.log_prob_codes = data + at.log_prob_codes;
      table.back_off_codes = data + at.back_off_codes;
    }
    if (i + 1 < counts_.order) {
      table.back_offs = data + at.back_offs;
      table.firsts = PackedInts(data + at.firsts, at.firsts_width);
    }
  }
  lexicon_ = Lexicon(data, counts_, layout_);
  hash_.assign(reinterpret_cast<const char*>(data) + kHashOffset, 64);
}

absl::Status LanguageModel::Check() {
  if (tables_[0].count < kFirstWord) {
    return absl::InvalidArgumentError("1-grams: <unk>, <s> and </s> are not all there");
  }
  for (int i = 0; i < counts_.order; ++i) {
    if (absl::Status status = CheckTable(i); !status.ok()) return status;
  }
  return lexicon_.Check();
}

absl::Status LanguageModel::CheckTable(int i) const {
  const Table& table = tables_[i];
  const auto error = [i](absl::string_view problem) {
    return absl::InvalidArgumentError(absl::StrCat(i + 1, "-grams: ", problem));
  };
  const bool goes_on = table.back_offs != nullptr;
  const uint8_t* log_probs = i == 0 ? table.log_probs : table.log_prob_codes;
  const uint64_t values = i == 0 ? table.count : kCodes;
  if (!AllWithin(log_probs, values, -kMaxLog10, 0)) {
    return error("log_probs: one is not between -1000 and 0");
  }
  for (uint64_t code = 1; i > 0 && code < values; ++code) {
    if (FloatAt(log_probs, code) < FloatAt(log_probs, code - 1)) {
      return error("log_probs: the codes do not rise");
    }
  }
  if (goes_on) {
    const uint8_t* back_offs = i == 0 ? table.back_offs : table.back_off_codes;
    if (!AllWithin(back_offs, values, -kMaxLog10, kMaxLog10)) {
      return error("back_offs: one is not between -1000 and 1000");
    }
    const Table& next = tables_[i + 1];
    if (table.firsts[0] != 0 || table.firsts[table.count] != next.count) {
      return error("firsts: do not cover the next order's n-grams");
    }
    for (uint64_t k = 0; k < table.count; ++k) {
      const uint64_t begin = table.firsts[k], end = table.firsts[k + 1];
      if (begin > end || end > next.count) {
        return error(absl::StrCat("firsts: n-gram ", k, ": ends before it begins"));
      }
      for (uint64_t m = begin; m < end; ++m) {
        if (next.words[m] >= counts_.ngrams[0] ||
            (m > begin && next.words[m - 1] >= next.words[m])) {
          return absl::InvalidArgumentError(
              absl::StrCat(i + 2, "-grams: words: n-gram ", m, ": out of range or order"));
        }
      }
    }
  }
  return absl::OkStatus();
}

LanguageModel::State LanguageModel::Begin() const {
  State state;
  if (counts_.order > 1) {
    state.words[0] = kSentenceStart;
    state.length = 1;
  }
  return state;
}

uint64_t LanguageModel::FindChild(int i, uint64_t parent, WordId word) const {
  const Table& table = tables_[i];
  const Table& next = tables_[i + 1];
  // Checked on opening; once more, because the file could be written to since.
  uint64_t begin = table.firsts[parent];
  uint64_t end = std::min<uint64_t>(table.firsts[parent + 1], next.count);
  while (begin < end) {
    const uint64_t middle = begin + (end - begin) / 2;
    const WordId at = next.words[middle];
    if (at == word) return middle;
    if (at < word) {
      begin = middle + 1;
    } else {
      end = middle;
    }
  }
  return kNotThere;
}

uint64_t LanguageModel::FindHistory(const State& state, int length) const {
  const WordId oldest = state.words[length - 1];
  uint64_t index = oldest < tables_[0].count ? oldest : kNotThere;
  for (int i = length - 2; i >= 0 && index != kNotThere; --i) {
    index = FindChild(length - 2 - i, index, state.words[i]);
  }
  return index;
}

float LanguageModel::LogProb(int i, uint64_t index) const {
  const Table& table = tables_[i];
  if (i == 0) return FloatAt(table.log_probs, index);
  return FloatAt(table.log_prob_codes, table.log_probs[index]);
}

float LanguageModel::BackOff(int i, uint64_t index) const {
  const Table& table = tables_[i];
  if (i == 0) return FloatAt(table.back_offs, index);
  return FloatAt(table.back_off_codes, table.back_offs[index]);
}

bool LanguageModel::Matters(const State& state) const {
  const uint64_t history = FindHistory(state, state.length);
  if (history == kNotThere) return false;
  const Table& table = tables_[state.length - 1];
  return table.firsts[history] < table.firsts[history + 1] ||
         BackOff(state.length - 1, history) != 0;
}

float LanguageModel::Score(const State& state, WordId word, State* next) const {
  if (word >= tables_[0].count) word = kUnknownWord;
  const int longest = std::clamp(state.length, 0, counts_.order - 1);
  float score = 0;
  int length = longest;  // of the history that the n-gram is found with
  for (; length > 0; --length) {
    const uint64_t history = FindHistory(state, length);
    if (history == kNotThere) continue;
    const uint64_t found = FindChild(length - 1, history, word);
    if (found != kNotThere) {
      score += LogProb(length, found);
      break;
    }
    score += BackOff(length - 1, history);
  }
  if (length == 0) score += LogProb(0, word);
  if (next != nullptr) {
    // A longer history than the n-gram found cannot be that of any n-gram.
    State after;
    after.length = std::min(length + 1, counts_.order - 1);
    for (int i = after.length - 1; i > 0; --i) after.words[i] = state.words[i - 1];
    if (after.length > 0) after.words[0] = word;
    while (after.length > 0 && !Matters(after)) after.words[--after.length] = 0;
    *next = after;
  }
  return score;
}

}  // namespace rill
