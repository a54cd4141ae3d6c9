// RecognitionWorker: collects the frames of many streams, runs the encoder over them at once, gives
// each its log-probabilities. Private to model/; thread rules as in recognizer.h.
#pragma once

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "model/encoder/encoder.h"
#include "model/encoder/state_arena.h"
#include "model/recognizer.h"
#include "model/state/state_identity.h"

namespace rill {

class RecognitionStreamImpl;

class RecognitionWorkerImpl final : public RecognitionWorker {
 public:
  // `encoder`, `language_model` (null: none) and `identity` must outlive the worker, and the worker
  // its streams.
  RecognitionWorkerImpl(const Encoder* encoder, const LanguageModel* language_model,
                        const StateIdentity* identity, int slots);

  absl::StatusOr<std::unique_ptr<RecognitionStream>> OpenStream(
      const StreamOptions& options) override;
  absl::StatusOr<std::unique_ptr<RecognitionStream>> ResumeStream(const StreamOptions& options,
                                                                  absl::string_view state) override;
  void Step(absl::Span<RecognitionStream* const> streams, int max_chunks) override;

  int slots() const override { return arena_.slots(); }
  int slots_in_use() const override { return arena_.in_use(); }

 private:
  absl::StatusOr<std::unique_ptr<RecognitionStreamImpl>> NewStream(const StreamOptions& options);

  const Encoder* const encoder_;
  const LanguageModel* const language_model_;
  const StateIdentity* const identity_;
  StateArena arena_;

  // Of the step at hand.
  const std::unique_ptr<EncoderScratch, void (*)(EncoderScratch*)> scratch_;
  std::vector<EncoderRow> rows_;
  std::vector<RecognitionStreamImpl*> owners_;  // of the rows
  std::vector<float> features_, log_probs_;
};

}  // namespace rill
