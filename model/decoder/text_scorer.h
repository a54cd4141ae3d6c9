// What the beam adds to the acoustic score of a text, letter by letter: language model, words,
// lexicon, hot words. Immutable; any thread.
//
// By phones, where the language model's lexicon is made of them (Speller), "letters" below are
// phones: several words may end at the same one, and which it was is told when the word ends. No
// word is unknown then but hot ones.
//
// A text's score is a sum over its words: each counts word_bonus + letter_bonus * its letters, one
// of the lexicon also lm_weight * ln p(word | words before), another one -lm_weight * its penalties
// (BeamOptions). While a word is open it counts as much as the best of the words that begin like it
// would with the letters so far (or the penalties, if less bad): LanguageModel::Best. To that come
// the hot words' boosts.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "model/decoder/decoder_options.h"
#include "model/decoder/hot_words.h"
#include "model/decoder/speller.h"
#include "model/language_model/language_model.h"
#include "model/state/state_reader.h"
#include "model/state/state_writer.h"

namespace rill {

// Longer words are not decoded: it bounds what of a text is never decided.
inline constexpr int kMaxWordLetters = 100;

// Where a text stands. Plain value.
struct TextState {
  double closed = 0;                    // score of its closed words
  double hot_gain = 0;                  // boosts of its whole phrases
  float open = 0;                       // what its open word and begun phrases are worth for now
  int letters = 0;                      // of its open word; 0: a word may begin
  WordId word = kUnknownWord;           // by phones, if a word has just ended: which
  Lexicon::Node node = Lexicon::kRoot;  // of the open word in the lexicon
  bool in_lexicon = true;               // otherwise node means nothing
  int32_t hot_node = TokenTrie::kRoot;  // of the open word in the hot words' own trie
  HotWords::State hot = HotWords::kStart;
  LanguageModel::State history;
  LanguageModel::LookAhead ahead;  // what may follow the history and begins like the open word

  double score() const { return closed + hot_gain + open; }
};

class TextScorer {
 public:
  // `tokens` (which hold " ") and `model` (may be null) are not owned.
  TextScorer(const std::vector<std::string>* tokens, const LanguageModel* model,
             const BeamOptions& options);

  void set_hot_words(std::shared_ptr<const HotWords> hot_words) { hot_ = std::move(hot_words); }
  int space() const { return speller_.space(); }
  std::string_view Letter(int token) const { return speller_.Letter(token); }
  bool by_phones() const { return speller_.by_phones(); }

  // The text of nothing; `history`: what was said before.
  TextState Begin(const LanguageModel::State& history) const;
  LanguageModel::State SentenceStart() const;

  // The words that the open one may be, at most kMaxEndings: by letters always one, which needs no
  // name (kUnknownWord).
  static constexpr int kMaxEndings = 2 * kMaxHomophones;
  int Endings(const TextState& text) const;
  WordId Ending(const TextState& text, int i) const;  // i < Endings(text)
  // How a word that ended, or may, is spelled; by letters, empty.
  std::string_view Spelling(WordId word) const;
  // By phones: what the open word may best be told to be; kUnknownWord if none is open.
  WordId Guess(const TextState& text) const;

  // *to: the text `from` and one more letter or, if a word is open, space; then `word` is one of
  // the Endings. False if there must be no such text. `from` and `to` are not the same.
  bool Extend(const TextState& from, int token, TextState* to, WordId word = kUnknownWord) const;

  // Whether two texts that end with the same token, and whose open words are spelled alike if no
  // lexicon has them, will always count the same from here on.
  static bool SameFuture(const TextState& a, const TextState& b);
  // No text that goes on from this one by one token has a higher score, but for rounding.
  double Bound(const TextState& text) const;

  // Sets again what the hot words are worth in `to`, which is `from` and `token`; they have
  // changed.
  void FollowHotWords(const TextState& from, int token, TextState* to) const;
  // The same for a text with no word open whose past is decided.
  void ForgetHotWords(TextState* text) const;

  // For a scorer with the same model, options and hot words.
  void Save(const TextState& text, StateWriter& writer) const;
  TextState Load(StateReader& reader) const;

  // Whether a text may end here, or go on with another word: none is open, or it may be one.
  bool MayEnd(const TextState& text) const;
  // Whether the open word can become none that is allowed.
  bool Hopeless(const TextState& text) const;

  // Ends a text: its open word is whole, phrases that have only begun count nothing. False if the
  // open word must not be one. *history: what comes after it. *score: all of the text, and of
  // </s> if `sentence_end`. *word, if not null: the last word, the best of the Endings if it was
  // open.
  bool Finish(const TextState& text, bool sentence_end, double* score,
              LanguageModel::State* history, WordId* word = nullptr) const;
  // The same, where the open word, if there is one, is `word`, one of the Endings.
  bool FinishAs(const TextState& text, WordId word, bool sentence_end, double* score,
                LanguageModel::State* history) const;

 private:
  int KnownEndings(const TextState& text) const;  // of Endings, by phones: in the lexicon
  bool ExtendLetter(const TextState& from, int token, TextState* to) const;
  // The open word's score if it ends now and is `word`, and the history after it.
  bool CloseWord(const TextState& text, WordId word, double* score,
                 LanguageModel::State* history) const;
  // The boosts of phrases that are whole if the open word ends and is `word`.
  float GainAtEnd(const TextState& text, WordId word) const;
  double EndOfSentence(const LanguageModel::State& history) const;
  float OpenScore(const TextState& text) const;
  float Bonus(const TextState& text) const;  // of the open word
  float UnknownPenalty(const TextState& text) const;

  const LanguageModel* const model_;
  const Speller speller_;
  const BeamOptions options_;
  const float log10_weight_;                   // lm_weight, and from log10 to ln
  const float word_bonus_, letter_bonus_;      // 0 without a model
  const float unknown_word_, unknown_letter_;  // penalties, with lm_weight
  std::shared_ptr<const HotWords> hot_;        // null: none
};

}  // namespace rill
