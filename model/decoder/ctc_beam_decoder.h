// CTC prefix beam search of one stream: the text with the highest score, the probabilities of all
// ways to say a text summed, the language model's, words' and hot words' scores added (TextScorer).
//
// After A. Graves et al., "Connectionist temporal classification", ICML 2006, section 3.2, and A.
// Hannun et al., "First-pass large vocabulary continuous speech recognition using bi-directional
// recurrent DNNs", 2014, algorithm 1, with these rules: spaces only part words, so that any number
// of them counts as one and none stands before the first word; a text with words that the lexicon
// forbids is never taken, though an interim result may end with the beginning of one.
//
// Words that the lexicon has not: where one is said, the beam may come to hold nothing but the
// beginnings of words that it has. At a space in which none of its texts can end its word, and when
// a hot word that all have begun is taken away, the best text goes on without its open word; at the
// end of an utterance the best text that may end there counts, and if none may, the best one
// without its open word. So no beam waits for longer than to the next space or final.
//
// Recombination: of texts that whatever comes will add the same to, because they differ only in
// words before the language model's history, as many are kept, best first, as will be asked for;
// the others make room.
//
// Times and confidences (see counted_word.h): a text's last letter begins in the last frame in
// which more than half of the weight of all ways to say the text comes from those that begin it
// there, and goes on, frame by frame, while those that say it have more weight than those that have
// said it before. Both only while no text of the beam that goes on from it is better than it.
//
// Equal scores: the text that came from the better one before goes first, then the lower token. So
// the words are the same on every run, and however many frames come at a time.
//
// Memory: MaxBytes() at most, whatever the length of the audio, plus the words since the last Take,
// as for any decoder. What all of the beam agrees on is decided at the next space; if the beam
// disagrees for too long for its memory, the best text's closed words are. Once a stream has had
// its most varied frame, only decided words take memory.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "model/decoder/counted_word.h"
#include "model/decoder/ctc_decoder.h"
#include "model/decoder/ctc_frame.h"
#include "model/decoder/decoder_options.h"
#include "model/decoder/prefix_pool.h"
#include "model/decoder/text_scorer.h"

namespace rill {

class CtcBeamDecoder final : public CtcDecoder {
 public:
  // tokens[0] is the blank; the others are " " and letters, or phones if the model's lexicon is
  // made of them (then options.lexicon holds). `model` may be null if not options.lexicon. Neither
  // is owned. options.Validate() holds. `texts`: as many as TakeNBest will be asked for; there may
  // be more, but then not always the best.
  CtcBeamDecoder(const std::vector<std::string>* tokens, const LanguageModel* model,
                 const BeamOptions& options, int texts = 1);

  void Accept(absl::Span<const float> log_probs, int64_t start, int64_t end) override;
  Hypothesis Current() const override;
  std::vector<Hypothesis> TakeNBest(int n) override;
  std::vector<Hypothesis> TakeClosedNBest(int n) override;
  bool has_words() const override;
  int64_t first_word_start() const override;
  bool SetHotWords(std::shared_ptr<const HotWords> hot_words) override;
  DecoderOptions::Kind kind() const override { return DecoderOptions::Kind::kBeam; }

  size_t bytes() const;  // of the search; without words that are decided, and hot words
  static size_t MaxBytes(const BeamOptions& options, int vocabulary);

 private:
  // A text of the beam. Log-probabilities, of all ways to say it so far: those that end with a
  // blank (or, if no word is open, a space), those that end with its last letter.
  struct Entry {
    int32_t node = 0;
    double blank = 0, letter = 0;
    double total = 0;  // of both
    double score = 0;  // with the text's
  };
  // A text that the next beam may have.
  struct Candidate {
    int32_t node = PrefixNode::kNone;  // none yet: child `token` of the text `rank`, see extended_
    int32_t rank = 0;
    int token = -1;
    WordId word = kUnknownWord;  // that a space ends
    int32_t extended = -1;
    double blank = 0, letter = 0;
    double fresh = 0;  // of these, the ways to say it that have ended in this frame only
    double score = 0;
  };
  struct Ranked {
    double score = 0;
    int32_t candidate = 0;
  };
  // A text at the end of an utterance.
  struct Ending {
    int32_t node = 0;  // of its last letter or later
    int64_t words_id = 0;
    WordId word = kUnknownWord;  // the last, by phones
    double score = 0;
    int32_t rank = 0;  // its best entry's
    LanguageModel::State history;
  };

  void SaveWords(StateWriter& writer) const override;
  void LoadWords(StateReader& reader) override;

  void StayAll();
  void ExtendAll();
  void Extend(int32_t rank, int token, WordId word = kUnknownWord);
  void EndWord(int32_t rank);  // by a space, as each of the words that it may be
  void Select();
  // Whether what comes can tell these apart no more, so that only the better one need be kept.
  bool SameFuture(const Candidate& a, const Candidate& b) const;
  // Whether texts_ in next_ are as good for all that comes.
  bool Spare(const Candidate& candidate) const;
  bool GoesOnBetter(const PrefixNode& node) const;
  void KeepTimes();
  void NoticeChange();

  void MakeRoom();
  void DecideCommon();
  bool NoneMayEnd() const;  // the word that is open in each text, that is
  void GiveUpWord();        // leaves the best text without its open word
  template <typename Keep>
  void KeepOnly(const Keep& keep);  // texts of which keep(node) holds
  void KeepFrom(int32_t before);    // only texts that begin with it
  void DecideBest();                // its closed words; only texts with just these go on
  void Decide(int32_t node);        // its words; it becomes the root

  void NumberBeam();               // tells the nodes their ranks
  void LetGo(const Entry& entry);  // of a text that is no longer in the beam

  int64_t WordsId(int32_t node) const;
  // By phones: what the last word is, or would be told to be. With WordsId, it names the words.
  WordId LastWord(int32_t node) const;
  // The letters between the root and `node`, last first: visit(node, the one after, said).
  template <typename Visit>
  void VisitLetters(int32_t node, const Visit& visit) const;
  // `open`: what the word is that is open.
  void AppendWords(int32_t node, WordId open, std::vector<CountedWord>* words) const;
  void SetAgreement(int32_t node, absl::Span<CountedWord> words) const;  // of its words
  Hypothesis Read(int32_t node, WordId open, double score) const;
  std::vector<Hypothesis> ReadBest(std::vector<Ending>* endings, int n) const;
  std::vector<Hypothesis> TakeAll(int n, bool sentence_end);
  void AddEnding(const Ending& ending, std::vector<Ending>* endings) const;
  void Restart(int token, const Entry& last, const LanguageModel::State& history);

  const std::vector<std::string>* const tokens_;
  const BeamOptions options_;
  const int texts_;
  TextScorer scorer_;
  PrefixPool pool_;
  std::vector<Entry> beam_;  // best first
  double offset_ = 0;        // taken off all scores so far
  int64_t frames_ = 0;
  int64_t best_words_id_ = 0;
  WordId best_last_word_ = kUnknownWord;
  std::vector<CountedWord> decided_;
  int64_t taken_until_ = 0;  // end of the last word taken: no word begins before

  // Of the frame at hand.
  CtcFrame frame_;
  std::vector<Candidate> candidates_;
  std::vector<TextState> extended_;
  std::vector<Ranked> ranking_;
  std::vector<Entry> next_;
  double worst_ = 0;  // a candidate must have this score
};

}  // namespace rill
