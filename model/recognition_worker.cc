#include "model/recognition_worker.h"

#include <utility>

#include "model/audio/audio_decoder.h"
#include "model/recognition_stream.h"

namespace rill {

RecognitionWorkerImpl::RecognitionWorkerImpl(const ModelConfig& config,
                                             std::unique_ptr<EncoderWorker> encoder,
                                             const LanguageModel* language_model,
                                             const CalibrationTable* calibrations,
                                             const StateIdentity* identity)
    : config_(config),
      encoder_(std::move(encoder)),
      language_model_(language_model),
      calibrations_(calibrations),
      identity_(identity) {}

absl::StatusOr<std::unique_ptr<RecognitionStream>> RecognitionWorkerImpl::OpenStream(
    const StreamOptions& options) {
  return NewStream(options);
}

absl::StatusOr<std::unique_ptr<RecognitionStream>> RecognitionWorkerImpl::ResumeStream(
    const StreamOptions& options, absl::string_view state) {
  auto stream = NewStream(options);
  if (!stream.ok()) return stream.status();
  if (absl::Status status = (*stream)->Load(state); !status.ok()) return status;
  return stream;
}

absl::StatusOr<std::unique_ptr<RecognitionStreamImpl>> RecognitionWorkerImpl::NewStream(
    const StreamOptions& options) {
  if (absl::Status status = options.Validate(); !status.ok()) return status;
  const absl::StatusOr<DecoderFactory> factory = DecoderFactory::Create(
      &config_.tokens, language_model_, options.decoder, calibrations_, &config_.phones);
  if (!factory.ok()) return factory.status();
  auto hot_words = factory->MakeHotWords(options.decoder.hot_words);
  if (!hot_words.ok()) return hot_words.status();
  std::unique_ptr<AudioDecoder> decoder;
  if (options.input == StreamOptions::Input::kAudio) {
    auto created = AudioDecoder::Create(options.audio, config_.sample_rate);
    if (!created.ok()) return created.status();
    decoder = *std::move(created);
  }
  const absl::StatusOr<int> slot = encoder_->Acquire();
  if (!slot.ok()) return slot.status();
  return std::make_unique<RecognitionStreamImpl>(config_, *identity_, options, std::move(decoder),
                                                 *factory, *std::move(hot_words), encoder_.get(),
                                                 *slot);
}

absl::Status RecognitionWorkerImpl::Step(absl::Span<RecognitionStream* const> streams,
                                         int max_chunks) {
  rows_.clear();
  owners_.clear();
  features_.clear();
  int64_t total = 0;
  for (RecognitionStream* stream : streams) {
    auto* owner = static_cast<RecognitionStreamImpl*>(stream);
    const int frames = owner->TakeFrames(max_chunks, &features_);
    owners_.push_back(owner);
    rows_.push_back({owner->slot(), owner->chunk_frames(), frames, nullptr});
    total += frames;
  }
  // Only now do the features stay where they are.
  const float* features = features_.data();
  for (EncoderRow& row : rows_) {
    row.features = features;
    features += int64_t{kFeatureFramesPerFrame} * row.frames * config_.mel_bins;
  }
  const auto outputs = static_cast<size_t>(config_.outputs());
  log_probs_.resize(static_cast<size_t>(total) * outputs);
  if (absl::Status status = encoder_->Step(rows_, log_probs_.data()); !status.ok()) return status;

  absl::Span<const float> rest(log_probs_);
  for (size_t i = 0; i < rows_.size(); ++i) {
    const size_t floats = static_cast<size_t>(rows_[i].frames) * outputs;
    owners_[i]->AcceptLogProbs(rest.first(floats));
    rest.remove_prefix(floats);
  }
  return absl::OkStatus();
}

}  // namespace rill
