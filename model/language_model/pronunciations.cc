#include "model/language_model/pronunciations.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "model/language_model/text_file.h"

namespace rill {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

std::string_view WithoutDigits(std::string_view text) {
  while (!text.empty() && IsDigit(text.back())) text.remove_suffix(1);
  return text;
}

// "to" of "to(2)".
std::string_view WithoutVariant(std::string_view word) {
  if (word.back() != ')') return word;
  const std::string_view inner = word.substr(0, word.size() - 1);
  const std::string_view stem = WithoutDigits(inner);
  if (stem.size() == inner.size() || stem.size() < 2 || stem.back() != '(') return word;
  return stem.substr(0, stem.size() - 1);
}

}  // namespace

bool IsPhoneName(std::string_view name) {
  return !name.empty() && name.size() <= kMaxPhoneBytes &&
         std::all_of(name.begin(), name.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

absl::StatusOr<Pronunciations> Pronunciations::Read(const std::string& path) {
  absl::StatusOr<std::unique_ptr<TextFile>> opened = TextFile::Open(path);
  if (!opened.ok()) return opened.status();
  TextFile& file = **opened;
  Pronunciations read;
  std::map<std::string, uint8_t, std::less<>> numbers;  // as they come
  std::vector<std::string_view> fields;
  std::string_view line;
  while (true) {
    const absl::StatusOr<bool> more = file.Next(&line);
    if (!more.ok()) return more.status();
    if (!*more) break;
    if (line.substr(0, 3) == ";;;") continue;
    SplitFields(line, &fields);
    if (fields.empty()) continue;
    fields.erase(std::find(fields.begin() + 1, fields.end(), "#"), fields.end());
    if (fields.size() == 1) {
      return file.ErrorHere(absl::StrCat("the word ", Quote(fields[0]), " has no phones"));
    }
    for (size_t i = 1; i < fields.size(); ++i) {
      const std::string_view name = WithoutDigits(fields[i]);
      if (!IsPhoneName(name)) {
        return file.ErrorHere(absl::StrCat("the phone ", Quote(fields[i]), " is not 1 to ",
                                           kMaxPhoneBytes, " printable ASCII characters"));
      }
      fields[i] = name;
    }
    const auto [word, is_new] = read.words_.try_emplace(std::string(WithoutVariant(fields[0])));
    if (!is_new) continue;
    for (size_t i = 1; i < fields.size(); ++i) {
      const auto number = static_cast<uint8_t>(numbers.size());
      const auto phone = numbers.try_emplace(std::string(fields[i]), number).first;
      if (numbers.size() > kMaxPhones) {
        return file.ErrorHere(absl::StrCat("more than ", kMaxPhones, " different phones"));
      }
      word->second.push_back(phone->second);
    }
  }
  if (read.words_.empty()) return file.ErrorHere("there are no pronunciations");

  std::vector<uint8_t> sorted(numbers.size());  // by number
  for (const auto& [name, number] : numbers) {
    read.phones_.push_back(name);
    sorted[number] = static_cast<uint8_t>(read.phones_.size());
  }
  for (auto& [word, phones] : read.words_) {
    for (uint8_t& phone : phones) phone = sorted[phone];
  }
  return read;
}

absl::Span<const uint8_t> Pronunciations::Find(std::string_view word) const {
  const auto found = words_.find(word);
  return found == words_.end() ? absl::Span<const uint8_t>() : found->second;
}

std::vector<std::string_view> Pronunciations::words() const {
  std::vector<std::string_view> words;
  words.reserve(words_.size());
  for (const auto& [word, phones] : words_) words.push_back(word);
  return words;
}

}  // namespace rill
