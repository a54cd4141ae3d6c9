#include "model/training/data/phone_table.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/types/span.h"

namespace rill::training {

PhoneTable::PhoneTable(const std::string& file, Pronunciations pronunciations)
    : file_(file), pronunciations_(std::move(pronunciations)), phones_{"<blank>", " "} {
  phones_.insert(phones_.end(), pronunciations_.phones().begin(), pronunciations_.phones().end());
}

absl::StatusOr<PhoneTable> PhoneTable::Open(const std::string& file) {
  absl::StatusOr<Pronunciations> pronunciations = Pronunciations::Read(file);
  if (!pronunciations.ok()) return pronunciations.status();
  return PhoneTable(file, *std::move(pronunciations));
}

absl::StatusOr<std::vector<int32_t>> PhoneTable::Encode(const std::string& text) const {
  std::vector<int32_t> labels;
  const std::vector<std::string> words =
      absl::StrSplit(text, absl::ByAnyChar(" \t\r\n\v\f"), absl::SkipEmpty());
  for (const std::string& word : words) {
    const absl::Span<const uint8_t> said = pronunciations_.Find(word);
    if (said.empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat("'", word, "' in the text has no pronunciation in ", file_));
    }
    // A pronunciation's bytes begin at 1; before the file's phones the model has one more, the
    // space.
    for (const uint8_t phone : said) labels.push_back(phone + space());
    labels.push_back(space());
  }
  return labels;
}

}  // namespace rill::training
