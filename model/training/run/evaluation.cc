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

namespace {

// Of a clip, from the logits of a batch.
std::string ClipText(const at::Tensor& logits, const PackedClip& clip,
                     const std::vector<std::string>& tokens) {
  const int64_t vocab = logits.size(2);
  const float* first =
      logits.const_data_ptr<float>() + (clip.row * logits.size(1) + clip.first_frame) * vocab;
  return GreedyText(first, clip.frames, vocab, tokens);
}

// The phones with a space behind each, so that what counts errors in words counts phones; where
// words end does not count.
std::vector<std::string> PhonesAsWords(const ModelConfig& config) {
  std::vector<std::string> words = config.phones;
  for (std::string& word : words) word += ' ';
  return words;
}

}  // namespace

void EvaluateBatch(Trainable& model, const EvaluationBatch& batch, const ModelConfig& config,
                   Evaluation& evaluation) {
  const at::NoGradGuard no_grad;
  const at::Tensor all = model.Logits(batch.batch);
  const at::Tensor logits = all.narrow(-1, 0, config.num_tokens()).contiguous();
  int64_t skipped = 0;
  evaluation.loss += CtcLossSum(logits, batch.batch.clips, &skipped).item<double>();
  evaluation.characters += batch.batch.characters;
  const at::Tensor phone_logits =
      all.narrow(-1, config.num_tokens(), config.num_phones()).contiguous();
  const std::vector<std::string> phones = PhonesAsWords(config);
  for (size_t i = 0; i < batch.batch.clips.size(); ++i) {
    const PackedClip& clip = batch.batch.clips[i];
    evaluation.errors.Add(batch.references[i], ClipText(logits, clip, config.tokens));
    if (clip.phones.empty()) continue;
    std::string said;
    for (const int32_t phone : clip.phones) said += phones[phone];
    evaluation.phones += WordErrors(said, ClipText(phone_logits, clip, phones));
  }
}

absl::StatusOr<EvaluationTable> Evaluate(Trainer& trainer, const std::vector<EvaluationSet>& sets,
                                         const ModelConfig& config, int chunk_frames) {
  EvaluationTable table;
  for (const EvaluationSet& set : sets) {
    std::atomic<int64_t> next = 0;
    // By batch, and added up in order: a sum of doubles must not depend on which thread took what.
    std::vector<Evaluation> parts(set.batches());
    const absl::Status status = trainer.team().Run([&](int r) {
      for (int64_t i = next++; i < set.batches(); i = next++) {
        EvaluateBatch(trainer.replica(r), set.Get(i, chunk_frames), config, parts[i]);
      }
      return absl::OkStatus();
    });
    if (!status.ok()) return status;
    Evaluation& total = table[set.name()];
    for (const Evaluation& part : parts) {
      total.errors += part.errors;
      total.phones += part.phones;
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
