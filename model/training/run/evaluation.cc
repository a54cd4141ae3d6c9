#include "model/training/run/evaluation.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <atomic>

namespace rill::training {

std::string GreedyText(const float* logits, int64_t frames, int64_t vocab,
                       const std::vector<std::string>& tokens) {
  std::string text;
  int64_t previous = 0;
  for (int64_t t = 0; t < frames; ++t) {
    const float* row = logits + t * vocab;
    const int64_t best = std::max_element(row, row + vocab) - row;
    if (best != previous && best != 0) text += tokens[best];
    previous = best;
  }
  return text;
}

void EvaluateBatch(Trainable& model, const EvaluationBatch& batch,
                   const std::vector<std::string>& tokens, Evaluation& evaluation) {
  const at::NoGradGuard no_grad;
  const at::Tensor logits = model.Logits(batch.batch);
  const int64_t vocab = logits.size(2);
  int64_t skipped = 0;
  evaluation.loss += CtcLossSum(logits, batch.batch.clips, &skipped).item<double>();
  evaluation.characters += batch.batch.characters;
  for (size_t i = 0; i < batch.batch.clips.size(); ++i) {
    const PackedClip& clip = batch.batch.clips[i];
    const float* first =
        logits.const_data_ptr<float>() + (clip.row * batch.batch.frames + clip.first_frame) * vocab;
    evaluation.errors.Add(batch.references[i], GreedyText(first, clip.frames, vocab, tokens));
  }
}

absl::StatusOr<EvaluationTable> Evaluate(Trainer& trainer, const std::vector<EvaluationSet>& sets,
                                         const std::vector<std::string>& tokens, int chunk_frames) {
  EvaluationTable table;
  for (const EvaluationSet& set : sets) {
    std::atomic<int64_t> next = 0;
    // By batch, and added up in order: a sum of doubles must not depend on which thread took what.
    std::vector<Evaluation> parts(set.batches());
    const absl::Status status = trainer.team().Run([&](int r) {
      for (int64_t i = next++; i < set.batches(); i = next++) {
        EvaluateBatch(trainer.replica(r), set.Get(i, chunk_frames), tokens, parts[i]);
      }
      return absl::OkStatus();
    });
    if (!status.ok()) return status;
    Evaluation& total = table[set.name()];
    for (const Evaluation& part : parts) {
      total.errors += part.errors;
      total.loss += part.loss;
      total.characters += part.characters;
    }
  }
  return table;
}

double MeanCharacterErrorRate(const EvaluationTable& table) {
  double sum = 0;
  for (const auto& [name, evaluation] : table) sum += evaluation.errors.characters.rate();
  return table.empty() ? 0 : sum / static_cast<double>(table.size());
}

}  // namespace rill::training
