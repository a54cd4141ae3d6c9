// Words to phones: CMU's pronouncing dictionary as the Debian package festlex-cmu has it, one entry
// a line, ("word" class (((ph one) 1) ((ph two) 0))). Of several pronunciations the first counts;
// stress is dropped. Each phone is written as one letter of its own, so that everything that
// handles characters handles phones. Immutable; any thread.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace rill::paper {

class PhoneDictionary {
 public:
  // NotFound, or InvalidArgument naming the file (and line).
  static absl::StatusOr<PhoneDictionary> Open(const std::string& path);

  // As many letters as phones; nothing if a word is not in the dictionary.
  std::optional<std::string> Spell(std::string_view text) const;

  const std::vector<std::string>& phones() const { return phones_; }
  // The letter of each of phones().
  std::vector<std::string> Letters() const;

 private:
  std::vector<std::string> phones_;           // sorted
  std::map<std::string, std::string> words_;  // letters
};

}  // namespace rill::paper
