// How words are said: a pronouncing dictionary. A text file, plain or gzipped, a word and its
// phones a line, parted by blanks:
//
//   ";;; a line to be passed over, as empty ones are"
//   "to  T UW1"
//   "to(2)  T AH0"             another way to say it
//   "reno  R IY1 N OW0 # place"    what comes after # is passed over
//
// Of a word that is there more than once the first line counts. The digits that a phone's name ends
// with tell stress and are dropped.
//
// Format: CMUdict's, http://www.speech.cs.cmu.edu/cgi-bin/cmudict (0.7b, and cmudict.dict of its
// later repository). Every error is InvalidArgument (or the system's for the file itself) and
// begins "FILE:LINE: ". Immutable; any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace rill {

inline constexpr size_t kMaxPhones = 255;  // a byte each, none of them 0
inline constexpr size_t kMaxPhoneBytes = 16;

// 1 to kMaxPhoneBytes printable ASCII characters, no blanks.
bool IsPhoneName(std::string_view name);

class Pronunciations {
 public:
  static absl::StatusOr<Pronunciations> Read(const std::string& path);

  const std::vector<std::string>& phones() const { return phones_; }  // those said, sorted
  // Each phone its index in phones() + 1; empty if the word is not there. Valid as long as this.
  absl::Span<const uint8_t> Find(std::string_view word) const;
  std::vector<std::string_view> words() const;  // sorted; valid as long as this

 private:
  std::vector<std::string> phones_;
  std::map<std::string, std::vector<uint8_t>, std::less<>> words_;
};

}  // namespace rill
