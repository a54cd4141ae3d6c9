#include "model/language_model/arpa_reader.h"

#include <cmath>
#include <limits>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace rill {
namespace {

// As many n-grams as the binary form can count.
constexpr uint64_t kMaxCount = uint64_t{1} << 31;

bool IsBlank(char c) { return c == ' ' || c == '\t'; }

std::string_view Trim(std::string_view text) {
  while (!text.empty() && IsBlank(text.front())) text.remove_prefix(1);
  while (!text.empty() && IsBlank(text.back())) text.remove_suffix(1);
  return text;
}

bool ReadNumber(std::string_view text, float* number) {
  if (!absl::SimpleAtof(absl::string_view(text.data(), text.size()), number)) return false;
  if (*number == -std::numeric_limits<float>::infinity()) *number = kZeroLog10;
  return std::abs(*number) <= kMaxLog10;  // not if it is no number
}

}  // namespace

absl::StatusOr<std::unique_ptr<ArpaReader>> ArpaReader::Open(const std::string& path) {
  absl::StatusOr<std::unique_ptr<TextFile>> file = TextFile::Open(path);
  if (!file.ok()) return file.status();
  auto reader = std::unique_ptr<ArpaReader>(new ArpaReader(*std::move(file)));
  if (absl::Status status = reader->ReadHead(); !status.ok()) return status;
  return reader;
}

absl::StatusOr<bool> ArpaReader::NextLine(std::string_view* line) {
  while (true) {
    absl::StatusOr<bool> more = file_->Next(line);
    if (!more.ok() || !*more) return more;
    *line = Trim(*line);
    if (!line->empty()) return true;
  }
}

absl::Status ArpaReader::ReadHead() {
  std::string_view line;
  while (line != "\\data\\") {
    const absl::StatusOr<bool> more = NextLine(&line);
    if (!more.ok()) return more.status();
    if (!*more) return ErrorHere("an ARPA file begins with the line \\data\\: there is none");
  }
  while (true) {
    const absl::StatusOr<bool> more = NextLine(&line);
    if (!more.ok()) return more.status();
    if (!*more) return ErrorHere("the file ends before \\1-grams:");
    if (line.front() == '\\') break;
    if (absl::Status status = ReadCount(line); !status.ok()) return status;
  }
  if (counts_.empty()) return ErrorHere("\\data\\ has no line \"ngram 1=COUNT\"");
  return EnterSection(line);
}

absl::Status ArpaReader::ReadCount(std::string_view line) {
  const std::string expected = absl::StrCat("ngram ", declared_ + 1, "=");
  uint64_t count = 0;
  if (line.substr(0, expected.size()) != expected ||
      !absl::SimpleAtoi(absl::string_view(line.data(), line.size()).substr(expected.size()),
                        &count)) {
    return ErrorHere(absl::StrCat("expected \"", expected, "COUNT\", found ", Quote(line)));
  }
  ++declared_;
  if (count == 0 && !counts_.empty()) return absl::OkStatus();
  if (order() + 1 < declared_) {
    return ErrorHere(absl::StrCat("there are no ", order() + 1, "-grams for it to go on from"));
  }
  if (order() == kMaxNgramOrder) {
    return ErrorHere(absl::StrCat("the order is above ", kMaxNgramOrder));
  }
  if (count == 0 || count > kMaxCount) {
    return ErrorHere(absl::StrCat("the count is not between 1 and ", kMaxCount));
  }
  counts_.push_back(count);
  return absl::OkStatus();
}

// `line`: the first after a section, which starts with a backslash.
absl::Status ArpaReader::EnterSection(std::string_view line) {
  if (section_ > 0 && seen_ != count()) {
    return ErrorHere(absl::StrCat("\\", section_, "-grams: has ", seen_, " n-grams, but \\data\\ ",
                                  "says ngram ", section_, "=", count()));
  }
  // Sections of nothing may be there or not.
  const std::string next = absl::StrCat("\\", section_ + 1, "-grams:");
  ended_ = section_ >= order() && line == "\\end\\";
  if (!ended_ && (section_ == declared_ || line != next)) {
    return ErrorHere(
        absl::StrCat("expected ", section_ < order() ? next : "\\end\\", ", found ", Quote(line)));
  }
  ++section_;
  seen_ = 0;
  return absl::OkStatus();
}

absl::StatusOr<bool> ArpaReader::Next(ArpaNgram* ngram) {
  while (!ended_) {
    std::string_view line;
    const absl::StatusOr<bool> more = NextLine(&line);
    if (!more.ok()) return more.status();
    if (!*more) return ErrorHere("the file ends before \\end\\");
    // An n-gram begins with its number, so a backslash is never one.
    if (line.front() == '\\') {
      if (absl::Status status = EnterSection(line); !status.ok()) return status;
      continue;
    }
    if (absl::Status status = ParseNgram(line, ngram); !status.ok()) return status;
    return true;
  }
  return false;
}

absl::Status ArpaReader::ParseNgram(std::string_view line, ArpaNgram* ngram) {
  if (++seen_ > count()) {
    return ErrorHere(absl::StrCat("\\", section_, "-grams: has more n-grams than \\data\\ says (",
                                  count(), ")"));
  }
  SplitFields(line, &fields_);
  const size_t words = static_cast<size_t>(section_);
  if (fields_.size() < words + 1 || fields_.size() > words + 2) {
    return ErrorHere(absl::StrCat("a ", section_, "-gram is a probability, ", section_,
                                  section_ == 1 ? " word" : " words", " and at most a back-off ",
                                  "weight, found ", fields_.size(), " fields"));
  }
  if (!ReadNumber(fields_[0], &ngram->log_prob) || ngram->log_prob > 0) {
    return ErrorHere(absl::StrCat("the log10 probability ", Quote(fields_[0]),
                                  " is not a number between -1000 and 0"));
  }
  ngram->back_off = 0;
  if (fields_.size() == words + 2 && !ReadNumber(fields_.back(), &ngram->back_off)) {
    return ErrorHere(absl::StrCat("the back-off weight ", Quote(fields_.back()),
                                  " is not a number between -1000 and 1000"));
  }
  ngram->words.assign(fields_.begin() + 1, fields_.begin() + 1 + section_);
  for (const std::string_view word : ngram->words) {
    if (word.size() > kMaxWordBytes) {
      return ErrorHere(
          absl::StrCat("the word ", Quote(word), " has more than ", kMaxWordBytes, " bytes"));
    }
  }
  return absl::OkStatus();
}

}  // namespace rill
