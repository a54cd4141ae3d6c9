#include "model/training/data/error_rate.h"

#include <vector>

#include "model/file/utf8.h"

namespace rill::training {
namespace {

bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

std::vector<std::string_view> Words(std::string_view text) {
  std::vector<std::string_view> words;
  size_t i = 0;
  while (true) {
    while (i < text.size() && IsBlank(text[i])) ++i;
    if (i == text.size()) return words;
    const size_t begin = i;
    while (i < text.size() && !IsBlank(text[i])) ++i;
    words.push_back(text.substr(begin, i - begin));
  }
}

std::vector<std::string_view> Characters(std::string_view text) {
  std::vector<std::string_view> characters;
  for (std::string_view word : Words(text)) {
    if (!characters.empty()) characters.push_back(" ");
    while (!word.empty()) {
      characters.push_back(word.substr(0, Utf8CharacterSize(word)));
      word.remove_prefix(characters.back().size());
    }
  }
  return characters;
}

// Row by row over the reference; each cell carries the counts of its best alignment. Between
// alignments of equal cost a substitution is taken first, then a deletion.
EditCounts Align(const std::vector<std::string_view>& reference,
                 const std::vector<std::string_view>& hypothesis) {
  std::vector<EditCounts> row(hypothesis.size() + 1);
  for (size_t j = 0; j < row.size(); ++j) row[j].insertions = static_cast<int64_t>(j);
  for (const std::string_view word : reference) {
    EditCounts diagonal = row[0];
    ++row[0].deletions;
    for (size_t j = 1; j < row.size(); ++j) {
      EditCounts best = diagonal;
      best.substitutions += word != hypothesis[j - 1];
      if (row[j].errors() + 1 < best.errors()) {
        best = row[j];
        ++best.deletions;
      }
      if (row[j - 1].errors() + 1 < best.errors()) {
        best = row[j - 1];
        ++best.insertions;
      }
      diagonal = row[j];
      row[j] = best;
    }
  }
  row.back().reference = static_cast<int64_t>(reference.size());
  return row.back();
}

}  // namespace

double EditCounts::rate() const {
  if (reference == 0) return errors() == 0 ? 0 : 100;
  return 100.0 * static_cast<double>(errors()) / static_cast<double>(reference);
}

EditCounts& EditCounts::operator+=(const EditCounts& other) {
  substitutions += other.substitutions;
  deletions += other.deletions;
  insertions += other.insertions;
  reference += other.reference;
  return *this;
}

EditCounts WordErrors(std::string_view reference, std::string_view hypothesis) {
  return Align(Words(reference), Words(hypothesis));
}

EditCounts CharacterErrors(std::string_view reference, std::string_view hypothesis) {
  return Align(Characters(reference), Characters(hypothesis));
}

int64_t CharacterCount(std::string_view text) {
  return static_cast<int64_t>(Characters(text).size());
}

void ErrorRates::Add(std::string_view reference, std::string_view hypothesis) {
  words += WordErrors(reference, hypothesis);
  characters += CharacterErrors(reference, hypothesis);
}

ErrorRates& ErrorRates::operator+=(const ErrorRates& other) {
  words += other.words;
  characters += other.characters;
  return *this;
}

}  // namespace rill::training
