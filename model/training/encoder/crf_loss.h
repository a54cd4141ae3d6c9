// CTC-CRF: CTC that is told how likely texts are, so that what it learns is what a language model
// does not know (H. Xiang, Z. Ou, "CRF-based single-stage acoustic modeling with CTC topology",
// ICASSP 2019; lattice-free maximum mutual information with CTC's topology). With p(y) the
// probability that CTC gives a text, and w(y) the weight that an n-gram over its tokens does,
//
//   loss = -log(p(y) w(y) / sum over all texts z of p(z) w(z))
//
// Pure; any thread.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <vector>

#include "model/training/data/batch.h"
#include "model/training/data/token_ngram.h"

namespace rill::training {

// Log of the sum over all texts of p(text) w(text), and what it says of each frame.
//
// probabilities: [frames, vocab], of CTC, each frame's sum 1. occupation: [frames, vocab], set to
// the probability of each token at each frame given the n-gram, too. States less likely than
// `least` of all those of a frame, and tokens that are less likely at a frame, are left out; 0:
// none.
double LogNormalizer(const TokenNgram& ngram, const float* probabilities, int64_t frames,
                     double least, float* occupation);

// What is to be added to CTC's loss (without a delay penalty: that would be in one part only): the
// sum over the clips of weight * (log sum over z of p(z) w(z) - log w(y)), float scalar on the
// logits' device; differentiable. logits: [rows, frames, vocab]; on a GPU they are copied to the
// CPU, where this is computed clip by clip. Clips with fewer frames than their labels need count
// nothing, as in CTC.
torch::Tensor CrfLossSum(const torch::Tensor& logits, const std::vector<PackedClip>& clips,
                         const TokenNgram& ngram);

}  // namespace rill::training
