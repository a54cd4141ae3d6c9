#include "model/language_model/ngram_tables.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "model/file/utf8.h"
#include "model/language_model/file_layout.h"

namespace rill {
namespace {

// Of n-grams that the file leaves out, until theirs is known. Those of a file are at most 0.
constexpr float kLeftOut = 1;
constexpr int kTellEvery = 1 << 14;

WordId SpecialWord(std::string_view word) {
  if (word == "<unk>" || word == "<UNK>") return kUnknownWord;
  if (word == "<s>") return kSentenceStart;
  if (word == "</s>") return kSentenceEnd;
  return kFirstWord;
}

bool InOrder(const Ngram& a, const Ngram& b) { return a.words < b.words; }

}  // namespace

absl::Status NgramTables::Read(const std::string& path, const Pronunciations* pronunciations,
                               std::optional<float> other_words,
                               const std::function<void(double)>& progress) {
  pronunciations_ = pronunciations;
  absl::StatusOr<std::unique_ptr<ArpaReader>> opened = ArpaReader::Open(path);
  if (!opened.ok()) return opened.status();
  ArpaReader& reader = **opened;
  order_ = reader.order();
  ArpaNgram ngram;
  for (int64_t n = 0;; ++n) {
    if (progress && n % kTellEvery == 0) progress(reader.done());
    const absl::StatusOr<bool> more = reader.Next(&ngram);
    if (!more.ok()) return more.status();
    absl::Status status;
    if (words_.empty() && (!*more || ngram.order() > 1)) {
      if (other_words) status = AddOtherWords(reader, *other_words);
      if (status.ok()) status = NumberWords(reader);
    }
    if (status.ok() && *more) {
      status = ngram.order() == 1 ? AddWord(reader, ngram) : Add(reader, ngram);
    }
    if (!status.ok()) return status;
    if (!*more) break;
  }
  for (int i = 1; i < order_; ++i) {
    if (absl::Status status = SortAndCheck(i, path); !status.ok()) return status;
  }
  for (int i = order_ - 1; i > 1; --i) {
    if (absl::Status status = AddPrefixes(i, path); !status.ok()) return status;
  }
  for (int i = 1; i + 1 < order_; ++i) ScoreAdded(i);
  return absl::OkStatus();
}

// Until all words are known, ids_ gives their places in tables_[0].
absl::Status NgramTables::AddWord(const ArpaReader& reader, const ArpaNgram& ngram) {
  std::vector<Ngram>& table = tables_[0];
  if (table.size() == kMaxWords) {
    return reader.ErrorHere(absl::StrCat("more than ", kMaxWords, " words"));
  }
  const std::string word(ngram.words[0]);
  if (pronunciations_ != nullptr && !IsValidUtf8(word)) {
    return reader.ErrorHere(absl::StrCat("the word ", Quote(word), " is not UTF-8"));
  }
  if (!ids_.emplace(word, static_cast<WordId>(table.size())).second) {
    return reader.ErrorHere(absl::StrCat("the word \"", word, "\" is there twice"));
  }
  table.push_back({{}, ngram.log_prob, ngram.back_off});
  return absl::OkStatus();
}

absl::Status NgramTables::AddOtherWords(const ArpaReader& reader, float log_prob) {
  ArpaNgram ngram;
  ngram.log_prob = log_prob;
  for (const std::string_view word : pronunciations_->words()) {
    if (ids_.count(std::string(word)) > 0) continue;
    ngram.words = {word};
    if (absl::Status status = AddWord(reader, ngram); !status.ok()) return status;
    ++other_words_;
  }
  return absl::OkStatus();
}

absl::Status NgramTables::NumberWords(const ArpaReader& reader) {
  std::array<const std::string*, kFirstWord> special{};
  std::vector<std::pair<std::string_view, std::string_view>> keyed;  // key, word
  for (const auto& [word, place] : ids_) {
    const WordId id = SpecialWord(word);
    if (id == kFirstWord) {
      keyed.emplace_back(KeyOf(word), word);
    } else if (special[id] != nullptr) {
      return reader.ErrorHere("both <unk> and <UNK> are 1-grams");
    } else {
      special[id] = &word;
    }
  }
  for (const WordId id : {kSentenceStart, kSentenceEnd}) {
    if (special[id] == nullptr) {
      return reader.ErrorHere(
          absl::StrCat("there is no 1-gram ", id == kSentenceStart ? "<s>" : "</s>"));
    }
  }
  std::sort(keyed.begin(), keyed.end());
  words_ = {special[kUnknownWord] ? *special[kUnknownWord] : "<unk>", "<s>", "</s>"};
  keys_.resize(kFirstWord);
  for (const auto& [key, word] : keyed) {
    keys_.push_back(key);
    words_.emplace_back(word);
  }
  if (words_.size() > kMaxWords) {
    return reader.ErrorHere(absl::StrCat("more than ", kMaxWords, " words"));
  }

  std::vector<Ngram> sorted;
  sorted.reserve(words_.size());
  for (WordId id = 0; id < words_.size(); ++id) {
    const auto place = ids_.find(words_[id]);
    sorted.push_back(place == ids_.end() ? Ngram{{}, kZeroLog10, 0} : tables_[0][place->second]);
    sorted.back().words[0] = id;
    ids_[words_[id]] = id;
  }
  tables_[0] = std::move(sorted);
  return absl::OkStatus();
}

// `word`: one of ids_.
std::string_view NgramTables::KeyOf(const std::string& word) const {
  if (pronunciations_ == nullptr) return word;
  const absl::Span<const uint8_t> phones = pronunciations_->Find(word);
  return {reinterpret_cast<const char*>(phones.data()), phones.size()};
}

absl::Status NgramTables::Add(const ArpaReader& reader, const ArpaNgram& ngram) {
  Ngram added{{}, ngram.log_prob, ngram.back_off};
  for (int i = 0; i < ngram.order(); ++i) {
    const std::string word(ngram.words[i]);
    const auto id = ids_.find(word);
    if (id == ids_.end()) {
      return reader.ErrorHere(absl::StrCat("the word \"", word, "\" is no 1-gram"));
    }
    added.words[i] = id->second;
  }
  tables_[ngram.order() - 1].push_back(added);
  return absl::OkStatus();
}

absl::Status NgramTables::SortAndCheck(int i, const std::string& path) {
  std::vector<Ngram>& table = tables_[i];
  std::sort(table.begin(), table.end(), InOrder);
  const auto twice =
      std::adjacent_find(table.begin(), table.end(),
                         [](const Ngram& a, const Ngram& b) { return a.words == b.words; });
  if (twice == table.end()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(path, ": the ", i + 1, "-gram \"", Spell(*twice, i + 1), "\" is there twice"));
}

absl::Status NgramTables::AddPrefixes(int i, const std::string& path) {
  std::vector<Ngram>& shorter = tables_[i - 1];
  const size_t given = shorter.size();
  size_t at = 0;
  for (const Ngram& ngram : tables_[i]) {
    Ngram prefix{ngram.words, kLeftOut, 0};
    prefix.words[i] = {};
    while (at < given && InOrder(shorter[at], prefix)) ++at;
    const bool there = at < given && shorter[at].words == prefix.words;
    const bool added = shorter.size() > given && shorter.back().words == prefix.words;
    if (!there && !added) shorter.push_back(prefix);
  }
  if (shorter.size() > kMaxEntries) {
    return absl::InvalidArgumentError(absl::StrCat(
        path, ": with those that longer ones begin with, there are too many ", i, "-grams"));
  }
  std::inplace_merge(shorter.begin(), shorter.begin() + given, shorter.end(), InOrder);
  return absl::OkStatus();
}

void NgramTables::ScoreAdded(int i) {
  for (Ngram& ngram : tables_[i]) {
    if (ngram.log_prob != kLeftOut) continue;
    float score = 0;
    for (int first = 1; first <= i; ++first) {
      const int words = i + 1 - first;
      if (const Ngram* context = Find(&ngram.words[first - 1], words)) score += context->back_off;
      if (const Ngram* found = Find(&ngram.words[first], words)) {
        ngram.log_prob = std::clamp(score + found->log_prob, -kMaxLog10, 0.0f);
        break;
      }
    }
  }
}

const Ngram* NgramTables::Find(const WordId* words, int count) const {
  const std::vector<Ngram>& table = tables_[count - 1];
  Ngram wanted;
  std::copy_n(words, count, wanted.words.begin());
  const auto found = std::lower_bound(table.begin(), table.end(), wanted, InOrder);
  return found != table.end() && found->words == wanted.words ? &*found : nullptr;
}

std::string NgramTables::Spell(const Ngram& ngram, int order) const {
  std::string text;
  for (int i = 0; i < order; ++i) absl::StrAppend(&text, i > 0 ? " " : "", words_[ngram.words[i]]);
  return text;
}

}  // namespace rill
