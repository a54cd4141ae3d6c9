// A frame of a stream as the beam looks at it: the tokens worth trying and what they cost. Used by
// one thread at a time.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "model/decoder/decoder_options.h"

namespace rill {

// Of log_probs [vocabulary]. A NaN is never it; if the blank's is one, it is the blank.
size_t LikeliestToken(absl::Span<const float> log_probs);

class CtcFrame {
 public:
  static constexpr int kBlank = 0;
  static constexpr float kLeastLogProb = -1000;  // of any token

  // Of a model with so many tokens, of which `space` parts words.
  CtcFrame(int vocabulary, int space) : space_(space), log_probs_(vocabulary) {}

  // log_probs [vocabulary], for the samples [start, end). A NaN is no letter; if the blank's is
  // one, nothing was said.
  void Read(absl::Span<const float> log_probs, int64_t start, int64_t end,
            const BeamOptions& options);

  float operator[](int token) const { return log_probs_[token]; }
  // Rising; without the blank.
  const std::vector<int>& tokens() const { return tokens_; }
  double blank_or_space() const { return blank_or_space_; }
  bool space_is_likeliest() const { return space_is_likeliest_; }
  int64_t start() const { return start_; }
  int64_t end() const { return end_; }

  size_t bytes() const {
    return log_probs_.capacity() * sizeof(float) + tokens_.capacity() * sizeof(int);
  }
  // Vectors may hold twice what they need.
  static size_t MaxBytes(int vocabulary) {
    return static_cast<size_t>(vocabulary) * (sizeof(float) + 2 * sizeof(int));
  }

 private:
  const int space_;
  int64_t start_ = 0, end_ = 0;
  std::vector<float> log_probs_;
  std::vector<int> tokens_;
  double blank_or_space_ = 0;
  bool space_is_likeliest_ = false;
};

}  // namespace rill
