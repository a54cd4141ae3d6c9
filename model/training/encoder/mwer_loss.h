// Minimum word error rate training (R. Prabhavalkar et al., "Minimum word error rate training for
// attention-based sequence-to-sequence models", ICASSP 2018), of CTC, on what the decoder makes of
// a clip with its language model: with p(y) the probability that CTC gives a text, s(y) what the
// decoder adds to its logarithm and e(y) its word errors,
//
//   P(y) = p(y) exp(s(y)) / sum over the decoder's likeliest texts z of p(z) exp(s(z))
//   loss = sum over these texts y of P(y) e(y)
//
// Pure; any thread.
#pragma once

#include <torch/types.h>

#include <vector>

#include "model/training/data/batch.h"
#include "model/training/encoder/text_search.h"

namespace rill::training {

// The sum over the clips of weight * loss, in words, float scalar on the logits' device;
// differentiable. logits: [rows, frames, vocab]; on a GPU they are copied to the CPU, where this is
// computed clip by clip. *words: the sum of weight * words of the clips' own texts is added to it.
torch::Tensor MwerLossSum(const torch::Tensor& logits, const std::vector<PackedClip>& clips,
                          const TextSearch& search, double* words);

}  // namespace rill::training
