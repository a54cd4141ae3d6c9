// Hot words made ready for the beam: an automaton over letters or phones (Aho and Corasick,
// "Efficient string matching", 1975) that knows at each letter how much of which phrase has been
// said. Immutable; any thread.
//
// Phrases match whole words only. A text gets a phrase's boost once for each place where it stands,
// also where phrases overlap. So that the beam keeps what may become a phrase, a positive boost is
// given letter by letter in advance, an equal part each, and is taken back whole when the next
// letter is another one; where several phrases begin alike the highest advance counts. A
// text's boosts are the gains of all its letters and spaces, plus the advance of its last state.
//
// Phones do not tell words apart that sound alike: only the space behind a word does, which is
// another one for each word of the phrases (SpaceAfter).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "model/decoder/decoder_options.h"
#include "model/decoder/speller.h"
#include "model/decoder/token_trie.h"
#include "model/language_model/lexicon.h"
#include "model/state/state_reader.h"
#include "model/state/state_writer.h"

namespace rill {

// By phones: words of hot phrases that are not in the lexicon have these numbers.
inline constexpr WordId kFirstHotWord = WordId{1} << 31;

class HotWords {
 public:
  using State = int32_t;
  static constexpr State kStart = TokenTrie::kRoot;  // a word may begin, nothing has been said

  // `tokens`: the model's letters, or its phones if the lexicon's words are made of them. Words
  // that are in `lexicon` need no place in ours; it may be null. InvalidArgument naming the phrase:
  // empty, too long, too many, a letter that the model has not, a word of which it does not know
  // how it is said, a boost out of range. Null if `hot_words` is empty.
  static absl::StatusOr<std::shared_ptr<const HotWords>> Create(
      absl::Span<const HotWord> hot_words, const std::vector<std::string>& tokens,
      const Lexicon* lexicon);

  // What stands for the space behind this word, which is another one for each by phones.
  int SpaceAfter(WordId word) const;
  // The state after one more token, a letter or a SpaceAfter; *gain: the boosts of the phrases that
  // are whole now, which a space (or the end) tells.
  State Next(State state, int token, float* gain) const;
  // Whether there is such a state, or such a node of words().
  bool Has(State state) const { return state >= kDead && state < states(); }
  bool HasWordNode(int32_t node) const { return node >= TokenTrie::kNone && node < words_.size(); }
  float advance(State state) const { return state == kDead ? 0 : states_[state].advance; }

  // The words of phrases with positive boosts that are not in the lexicon's trie.
  const TokenTrie& words() const { return words_; }
  // Those that end at a node: by phones, from kFirstHotWord on, or of which the lexicon does not
  // know how they are said; by letters only kUnknownWord.
  absl::Span<const WordId> words(int32_t node) const {
    return node == TokenTrie::kNone ? absl::Span<const WordId>() : word_ends_[node];
  }
  // A word at or below a node of words(); kUnknownWord if there is none.
  WordId WordBelow(int32_t node) const {
    return node == TokenTrie::kNone ? kUnknownWord : words_below_[node];
  }
  // Of a word from kFirstHotWord on; empty if there is none such.
  std::string_view Spelling(WordId word) const;

  // What it was made of.
  const std::vector<HotWord>& phrases() const { return made_of_; }

  size_t bytes() const;

 private:
  static constexpr State kDead = -1;  // in the middle of a word that no phrase begins with

  struct StateInfo {
    State fail = kDead;  // the longest other place of a phrase where the text may also be
    float boost = 0;     // of the phrase that ends here
    float gain = 0;      // boost, and those along the fail links
    float advance = 0;
  };

  HotWords() = default;
  absl::Status Add(const HotWord& hot_word, const Speller& speller, const Lexicon* lexicon);
  // Also where it is not in the lexicon. Returns what stands for the space behind it.
  absl::StatusOr<int> AddWord(const std::string& word, absl::Span<const int> letters, bool boosted,
                              const Speller& speller, const Lexicon* lexicon);
  void LinkFailures();
  void FindWordsBelow();
  State Follow(State state, int token) const;

  int32_t states() const { return static_cast<int32_t>(states_.size()); }

  std::vector<HotWord> made_of_;
  int space_ = -1;
  int first_space_ = 0;  // of those that SpaceAfter tells apart
  TokenTrie phrases_;    // each ends with a space
  std::vector<StateInfo> states_{1};
  TokenTrie words_;
  std::vector<std::vector<WordId>> word_ends_{1};  // [node of words_]
  std::vector<WordId> words_below_;                // [node of words_]
  std::vector<std::string> unknown_;               // by phones: the words from kFirstHotWord on
  std::unordered_map<std::string, WordId> unknown_ids_;
  std::unordered_map<WordId, int> spaces_after_;  // by phones: of each word
};

// What hot words are made of, to be made again by DecoderFactory::MakeHotWords; null: none.
void Save(const HotWords* hot_words, StateWriter& writer);
std::vector<HotWord> LoadHotWords(StateReader& reader);

}  // namespace rill
