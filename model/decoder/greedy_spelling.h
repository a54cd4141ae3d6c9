// What the likeliest token of each frame spells, letter by letter, beside a beam: a word far from
// it was chosen by the language model rather than heard, and is less likely right. Used by one
// thread at a time.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "model/decoder/hypothesis.h"
#include "model/state/state_reader.h"
#include "model/state/state_writer.h"

namespace rill {

class GreedySpelling {
 public:
  // tokens[0] is the blank. Not owned. `phones`: these are phones, each a byte of
  // WordEvidence::letters; else letters.
  explicit GreedySpelling(const std::vector<std::string>* tokens, bool phones = false)
      : tokens_(tokens), phones_(phones) {}

  // The next frame: log_probs [vocabulary], from the sample `start` on. A NaN is no letter.
  void Accept(absl::Span<const float> log_probs, int64_t start);

  // Sets the misspelling of every word, against the letters between the words beside it: from its
  // own start for the first one, before `end` (samples) for the last one.
  void Judge(int64_t end, Hypothesis* hypothesis) const;

  // The letters that began before this time (samples) are needed no more. At most kMostLetters are
  // kept.
  void Forget(int64_t before);

  void Save(StateWriter& writer) const;
  void Load(StateReader& reader);

  size_t letters() const { return letters_.size(); }

  static constexpr size_t kMostLetters = 1 << 14;  // one a frame for 11 minutes

 private:
  struct Letter {
    int64_t start;
    int32_t token;
  };

  std::vector<Letter>::const_iterator FirstFrom(int64_t time) const;
  std::string Between(int64_t from, int64_t to) const;

  const std::vector<std::string>* const tokens_;
  const bool phones_;
  std::vector<Letter> letters_;  // by their start
  int32_t last_ = 0;             // the likeliest token of the last frame
};

}  // namespace rill
