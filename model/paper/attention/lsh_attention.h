// Attention by locality-sensitive hashing: Kitaev, Kaiser, Levskaya, "Reformer" (ICLR 2020),
// section 2. Queries are their own keys, made unit vectors; positions are sorted by the bucket that
// a random rotation puts them into, cut into chunks, and each chunk sees itself and the chunk
// before. A position sees itself only if it sees nothing else. Rounds of other rotations are
// combined by the log-sum-exp of their scores.
//
// Chunks are not cut at buckets' borders, as in the code that came with both papers. Which keys a
// position meets depends on the buckets of all positions, later ones included: with `causal` no
// value or gradient comes from a later position, but a later position can change which earlier ones
// are met. Thread rule: as attention.h.
#pragma once

#include "model/paper/attention/attention.h"

namespace rill::paper {

struct LshOptions {
  int64_t rounds = 1;
  int64_t buckets = 64;  // 1, or even
  int64_t chunk = 32;    // positions
};

class LshAttention : public Attention {
 public:
  explicit LshAttention(const LshOptions& options) : options_(options) {}

  at::Tensor Forward(const AttentionInput& in) const override;
  bool shares_keys() const override { return true; }

 private:
  at::Tensor Buckets(const at::Tensor& keys, uint64_t seed) const;

  const LshOptions options_;
};

}  // namespace rill::paper
