// From a stream's log-probabilities to words: what UtteranceBuilder needs of a CTC decoder, and all
// it needs. Used by one thread at a time. Nothing depends on how many frames come at a time.
//
// A word starts at its first letter's first frame and ends after its last letter's last frame.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "absl/types/span.h"
#include "model/decoder/decoder_options.h"
#include "model/decoder/hypothesis.h"
#include "model/state/state_reader.h"
#include "model/state/state_writer.h"

namespace rill {

class HotWords;

class CtcDecoder {
 public:
  virtual ~CtcDecoder() = default;

  // The next frame: log_probs [vocabulary], for the samples [start, end). A NaN is no letter.
  virtual void Accept(absl::Span<const float> log_probs, int64_t start, int64_t end) = 0;

  // The words since the last Take. The last one may still grow, and any may still change.
  virtual Hypothesis Current() const = 0;

  // The words since the last Take, now decided, best first: the decoder's distinct texts, but at
  // most `n` (>= 1), at least one. Begins anew: the next letter starts a new word of a new
  // utterance.
  virtual std::vector<Hypothesis> TakeNBest(int n) = 0;

  // As TakeNBest, but in the middle of speech: the sentence goes on, and a word that no space has
  // closed yet stays for the next utterance, unless it is the only one.
  virtual std::vector<Hypothesis> TakeClosedNBest(int n) = 0;

  Hypothesis Take() { return std::move(TakeNBest(1).front()); }
  Hypothesis TakeClosed() { return std::move(TakeClosedNBest(1).front()); }

  virtual bool has_words() const = 0;
  // Of the current words; time() if there are none.
  virtual int64_t first_word_start() const = 0;

  // For the words to come, and for those that are not decided; null: none. False if this decoder
  // cannot.
  virtual bool SetHotWords(std::shared_ptr<const HotWords> hot_words) = 0;

  int64_t time() const { return time_; }                        // end of the last frame
  int64_t last_letter_end() const { return last_letter_end_; }  // 0 before the first letter
  // Counts changes: the current words have changed since, other than by a Take, if this has.
  int64_t changes() const { return changes_; }

  virtual DecoderOptions::Kind kind() const = 0;

  // Loaded into a decoder just made, of the same kind and with the same tokens, options, language
  // model and hot words, it goes on where the saved one was. The reader's status says whether the
  // decoder may be used.
  void Save(StateWriter& writer) const;
  void Load(StateReader& reader);

  // Goes on where `before`, which has no words, ends.
  void ContinueFrom(const CtcDecoder& before) {
    time_ = before.time_;
    last_letter_end_ = before.last_letter_end_;
    changes_ = before.changes_;
  }

 private:
  virtual void SaveWords(StateWriter& writer) const = 0;
  virtual void LoadWords(StateReader& reader) = 0;

 protected:
  int64_t time_ = 0;
  int64_t last_letter_end_ = 0;
  int64_t changes_ = 0;
};

}  // namespace rill
