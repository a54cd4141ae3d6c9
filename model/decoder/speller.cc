#include "model/decoder/speller.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "model/decoder/letter_to_sound.h"
#include "model/file/utf8.h"

namespace rill {
namespace {

constexpr int kBlank = 0;

int Position(absl::Span<const std::string> names, std::string_view name) {
  return static_cast<int>(std::find(names.begin(), names.end(), name) - names.begin());
}

}  // namespace

std::string Escape(const std::string& text) {
  return IsValidUtf8(text) ? absl::Utf8SafeCEscape(text) : absl::CEscape(text);
}

std::string EvidenceLetter(const std::vector<std::string>& tokens, int token, bool by_phones) {
  return by_phones ? std::string(1, static_cast<char>(token)) : tokens[token];
}

Speller::Speller(const std::vector<std::string>* tokens, const Lexicon* lexicon)
    : tokens_(tokens),
      lexicon_(lexicon),
      by_phones_(lexicon != nullptr && !lexicon->phones().empty()),
      space_(Position(*tokens, " ")) {
  for (int token = 0; token < static_cast<int>(tokens->size()); ++token) {
    letters_.push_back(EvidenceLetter(*tokens, token, by_phones_));
  }
  if (!by_phones_) {
    symbols_ = *tokens;
    return;
  }
  for (const std::string& token : *tokens) {
    const int phone = Position(lexicon->phones(), token);
    const bool known = phone < static_cast<int>(lexicon->phones().size());
    symbols_.push_back(known ? std::string(1, static_cast<char>(phone + 1)) : std::string());
  }
}

absl::StatusOr<std::vector<int>> Speller::Spell(std::string_view word) const {
  if (!by_phones_) return SpellByLetters(word);
  const std::string lower = absl::AsciiStrToLower(std::string(word));
  std::vector<int> said;
  for (const char symbol : lexicon_->Pronunciation(lexicon_->Find(lower))) {
    said.push_back(Position(symbols_, std::string_view(&symbol, 1)));
  }
  if (!said.empty()) return said;
  for (const std::string& phone : LetterToSound(lower)) said.push_back(Position(*tokens_, phone));
  const bool heard = std::all_of(said.begin(), said.end(), [this](int token) {
    return token < static_cast<int>(symbols_.size()) && !symbols_[token].empty();
  });
  if (said.empty() || !heard) {
    return absl::InvalidArgumentError(
        absl::StrCat("it is not known how \"", Escape(lower), "\" is said"));
  }
  return said;
}

absl::StatusOr<std::vector<int>> Speller::SpellByLetters(std::string_view word) const {
  std::vector<int> letters;
  for (size_t at = 0; at < word.size();) {
    const size_t size = Utf8CharacterSize(word.substr(at));
    const std::string letter = absl::AsciiStrToLower(std::string(word.substr(at, size)));
    at += size;
    const auto token = std::find(tokens_->begin() + kBlank + 1, tokens_->end(), letter);
    if (token == tokens_->end()) {
      return absl::InvalidArgumentError(
          absl::StrCat("the model has no letter \"", Escape(letter), "\""));
    }
    letters.push_back(static_cast<int>(token - tokens_->begin()));
  }
  return letters;
}

absl::Status CheckPhones(const Lexicon& lexicon, const std::vector<std::string>& phones) {
  for (const std::string& phone : lexicon.phones()) {
    if (std::find(phones.begin(), phones.end(), phone) == phones.end()) {
      return absl::InvalidArgumentError(
          absl::StrCat("has words with the phone \"", phone, "\", which the model does not hear"));
    }
  }
  return absl::OkStatus();
}

}  // namespace rill
