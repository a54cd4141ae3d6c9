// RecognitionWorker: collects the frames of many streams, runs the encoder over them at once, gives
// each its log-probabilities. Private to model/; thread rules as in recognizer.h.
#pragma once

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "model/decoder/calibration.h"
#include "model/encoder/encoder_backend.h"
#include "model/recognizer.h"
#include "model/state/state_identity.h"

namespace rill {

class RecognitionStreamImpl;

class RecognitionWorkerImpl final : public RecognitionWorker {
 public:
  // `config`, `language_model` (null: none), `calibrations`, `identity` and the encoder's back end
  // must outlive the worker, and the worker its streams.
  RecognitionWorkerImpl(const ModelConfig& config, std::unique_ptr<EncoderWorker> encoder,
                        const LanguageModel* language_model, const CalibrationTable* calibrations,
                        const StateIdentity* identity);

  absl::StatusOr<std::unique_ptr<RecognitionStream>> OpenStream(
      const StreamOptions& options) override;
  absl::StatusOr<std::unique_ptr<RecognitionStream>> ResumeStream(const StreamOptions& options,
                                                                  absl::string_view state) override;
  absl::Status Step(absl::Span<RecognitionStream* const> streams, int max_chunks) override;

  int slots() const override { return encoder_->slots(); }
  int slots_in_use() const override { return encoder_->slots_in_use(); }
  StateSlots state_slots() const override { return encoder_->state_slots(); }

 private:
  absl::StatusOr<std::unique_ptr<RecognitionStreamImpl>> NewStream(const StreamOptions& options);

  const ModelConfig& config_;
  const std::unique_ptr<EncoderWorker> encoder_;
  const LanguageModel* const language_model_;
  const CalibrationTable* const calibrations_;
  const StateIdentity* const identity_;

  // Of the step at hand.
  std::vector<EncoderRow> rows_;
  std::vector<RecognitionStreamImpl*> owners_;  // of the rows
  std::vector<float> features_, log_probs_;
};

}  // namespace rill
