#include "model/paper/speech/phone_dictionary.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace rill::paper {
namespace {

constexpr std::string_view kAlphabet = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

struct Entry {
  std::string word;
  std::vector<std::string> phones;
};

// Nothing for a line that is no entry.
std::optional<Entry> Parse(const std::string& line) {
  constexpr std::string_view kStart = "(\"";
  if (line.compare(0, kStart.size(), kStart) != 0) return std::nullopt;
  const size_t quote = line.find('"', kStart.size());
  if (quote == std::string::npos) return std::nullopt;
  Entry entry;
  entry.word = line.substr(kStart.size(), quote - kStart.size());
  const std::vector<std::string> parts =
      absl::StrSplit(line.substr(quote + 1), absl::ByAnyChar("() \t\r"), absl::SkipEmpty());
  // The first is the class of the word; of the rest what is no number is a phone.
  for (size_t i = 1; i < parts.size(); ++i) {
    if (absl::ascii_isalpha(parts[i][0])) entry.phones.push_back(parts[i]);
  }
  if (entry.phones.empty()) return std::nullopt;
  return entry;
}

}  // namespace

absl::StatusOr<PhoneDictionary> PhoneDictionary::Open(const std::string& path) {
  if (!std::filesystem::is_regular_file(path)) return absl::NotFoundError(path);
  std::ifstream in(path);
  std::vector<Entry> entries;
  std::set<std::string> phones;
  for (std::string line; std::getline(in, line);) {
    std::optional<Entry> entry = Parse(line);
    if (!entry.has_value()) continue;
    phones.insert(entry->phones.begin(), entry->phones.end());
    if (phones.size() > kAlphabet.size()) {
      return absl::InvalidArgumentError(absl::StrCat(path, ": more than ", kAlphabet.size(),
                                                     " phones; the last new ones are in \"",
                                                     entry->word, "\""));
    }
    entries.push_back(*std::move(entry));
  }
  if (entries.empty()) return absl::InvalidArgumentError(absl::StrCat(path, ": no entry"));
  PhoneDictionary dictionary;
  dictionary.phones_.assign(phones.begin(), phones.end());
  for (const Entry& entry : entries) {
    std::string letters;
    for (const std::string& phone : entry.phones) {
      const auto at = std::lower_bound(dictionary.phones_.begin(), dictionary.phones_.end(), phone);
      letters += kAlphabet[at - dictionary.phones_.begin()];
    }
    dictionary.words_.emplace(entry.word, std::move(letters));
  }
  return dictionary;
}

std::optional<std::string> PhoneDictionary::Spell(std::string_view text) const {
  std::string letters;
  for (const absl::string_view word :
       absl::StrSplit(absl::string_view(text.data(), text.size()), ' ', absl::SkipEmpty())) {
    const auto found = words_.find(std::string(word));
    if (found == words_.end()) return std::nullopt;
    letters += found->second;
  }
  return letters;
}

std::vector<std::string> PhoneDictionary::Letters() const {
  std::vector<std::string> letters;
  for (size_t i = 0; i < phones_.size(); ++i) letters.emplace_back(1, kAlphabet[i]);
  return letters;
}

}  // namespace rill::paper
