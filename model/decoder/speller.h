// What a beam's tokens are to words: letters, which spell them, or phones, of which a language
// model's lexicon knows how they make up words. Immutable; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "model/language_model/lexicon.h"

namespace rill {

// Words that sound alike: so many of the lexicon's and of the hot words' can be told apart.
inline constexpr int kMaxHomophones = 16;

class Speller {
 public:
  // tokens[0] is the blank, " " one of the others: phones if the words of `lexicon` are made of
  // them, else letters. `lexicon` may be null. Neither is owned.
  Speller(const std::vector<std::string>* tokens, const Lexicon* lexicon);

  bool by_phones() const { return by_phones_; }
  int space() const { return space_; }

  // A token's bytes in the lexicon's trie; empty if it has none such.
  const std::string& symbols(int token) const { return symbols_[token]; }

  // EvidenceLetter of a token.
  std::string_view Letter(int token) const { return letters_[token]; }

  // The tokens of one word, in any case of letters. InvalidArgument: a letter that is no token, a
  // word of which the lexicon does not know how it is said.
  absl::StatusOr<std::vector<int>> Spell(std::string_view word) const;

 private:
  absl::StatusOr<std::vector<int>> SpellByLetters(std::string_view word) const;

  const std::vector<std::string>* const tokens_;
  const Lexicon* const lexicon_;
  const bool by_phones_;
  int space_;
  std::vector<std::string> symbols_, letters_;  // [token]
};

// A token as WordEvidence::letters has it: the letter, or a byte for the phone.
std::string EvidenceLetter(const std::vector<std::string>& tokens, int token, bool by_phones);

// What a client wrote, for an error: as it is if it can be printed.
std::string Escape(const std::string& text);

// InvalidArgument naming the first phone of the lexicon that is none of `phones`, a model's.
absl::Status CheckPhones(const Lexicon& lexicon, const std::vector<std::string>& phones);

}  // namespace rill
