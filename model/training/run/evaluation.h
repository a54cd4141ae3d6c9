// Greedy recognition of development sets with a model under training: error rates and loss by
// corpus.
//
// Thread rule: Evaluate spreads the batches over the trainer's team; the others are pure functions.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "model/file/model_config.h"
#include "model/training/data/error_rate.h"
#include "model/training/data/evaluation_set.h"
#include "model/training/run/trainer.h"

namespace rill::training {

struct Evaluation {
  ErrorRates errors;
  EditCounts phones;  // where the model hears phones and there are pronunciations
  double loss = 0;    // nats, of the tokens' CTC at the top
  int64_t characters = 0;

  double loss_per_character() const {
    return characters > 0 ? loss / static_cast<double>(characters) : 0;
  }
};

using EvaluationTable = std::map<std::string, Evaluation>;  // by corpus

// The text of `frames` rows of `vocab` logits: the best token of each frame, repeats merged, blanks
// (token 0) dropped.
std::string GreedyText(const float* logits, int64_t frames, int64_t vocab,
                       const std::vector<std::string>& tokens);

// Adds one batch's result to `evaluation`. config: the model's.
void EvaluateBatch(Trainable& model, const EvaluationBatch& batch, const ModelConfig& config,
                   Evaluation& evaluation);

// Uses the weights that are shown (Trainer::ShowAverage).
absl::StatusOr<EvaluationTable> Evaluate(Trainer& trainer, const std::vector<EvaluationSet>& sets,
                                         const ModelConfig& config, int chunk_frames);

// Mean over the corpora of the character error rate, percent: what "best" means in a run. Words say
// little before a model spells.
double MeanCharacterErrorRate(const EvaluationTable& table);

}  // namespace rill::training
