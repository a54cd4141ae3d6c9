// How likely tokens follow each other in the training texts: an n-gram over tokens, smoothed with
// those of lower order (I. Witten, T. Bell, IEEE Trans. Information Theory 37, 1991), as an
// automaton that always knows which token may come next: a state is what came before.
//
// Immutable; any thread.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"

namespace rill::training {

// Bounds what a model may take: 1 GB.
inline constexpr int64_t kMaxNgramWeights = int64_t{1} << 27;

struct TokenNgramOptions {
  int order = 5;           // tokens that are looked at, the one to come included; at least 1
  int least_count = 2;     // of a history of two tokens and more, to be a state
  double scale = 1;        // factor on log-probabilities
  double token_bonus = 0;  // nats added for each token
};

class TokenNgram {
 public:
  // texts: token ids in 1 .. vocab - 1 (0 is CTC's blank). A text begins as if `before` had come
  // before it (the space), or nothing (0). InvalidArgument if it has more than kMaxNgramWeights.
  static absl::StatusOr<TokenNgram> Build(const std::vector<std::vector<int32_t>>& texts,
                                          int64_t vocab, int32_t before,
                                          const TokenNgramOptions& options);

  int64_t vocab() const { return vocab_; }
  int64_t states() const { return static_cast<int64_t>(last_.size()); }
  int32_t start() const { return start_; }
  // The token that led to a state; 0: none did.
  int32_t last(int32_t state) const { return last_[state]; }
  // [vocab], of a state: exp(scale * log p(token | state) + token_bonus), and where it leads to.
  // Those of blank mean nothing.
  const float* weights(int32_t state) const { return weights_.data() + state * vocab_; }
  const int32_t* next(int32_t state) const { return next_.data() + state * vocab_; }
  // Sum of the logarithms of a text's weights from the start on.
  double LogWeight(const std::vector<int32_t>& text) const;

 private:
  int64_t vocab_ = 0;
  int32_t start_ = 0;
  std::vector<int32_t> last_;
  std::vector<int32_t> next_;
  std::vector<float> weights_;
};

}  // namespace rill::training
