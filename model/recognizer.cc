#include "model/recognizer.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "model/decoder/decoder_factory.h"
#include "model/decoder/speller.h"
#include "model/recognition_worker.h"

namespace rill {
namespace {

class RecognizerImpl final : public Recognizer {
 public:
  RecognizerImpl(std::unique_ptr<ModelFile> file, std::unique_ptr<EncoderBackend> encoder,
                 std::unique_ptr<LanguageModel> language_model, CalibrationTable calibrations)
      : file_(std::move(file)),
        encoder_(std::move(encoder)),
        language_model_(std::move(language_model)),
        calibrations_(std::move(calibrations)),
        identity_{file_->hash(), language_model_ == nullptr ? "" : language_model_->hash()} {}

  const ModelFile& model() const override { return *file_; }
  const LanguageModel* language_model() const override { return language_model_.get(); }
  size_t state_bytes_per_stream() const override {
    return static_cast<size_t>(encoder_->layout().total) * sizeof(float);
  }
  std::string device() const override { return encoder_->device(); }
  absl::StatusOr<std::unique_ptr<RecognitionWorker>> NewWorker(int slots) const override {
    auto encoder = encoder_->NewWorker(slots);
    if (!encoder.ok()) return encoder.status();
    return std::make_unique<RecognitionWorkerImpl>(
        file_->config(), *std::move(encoder), language_model_.get(), &calibrations_, &identity_);
  }

 private:
  const std::unique_ptr<ModelFile> file_;
  const std::unique_ptr<EncoderBackend> encoder_;
  const std::unique_ptr<LanguageModel> language_model_;  // null: none
  const CalibrationTable calibrations_;
  const StateIdentity identity_;
};

// A language model is for beams; and words in other letters than the model's can never be heard,
// and nobody would be told.
absl::Status CheckSpelling(const LanguageModel& language_model, const std::string& path,
                           const ModelConfig& config) {
  if (!language_model.lexicon().phones().empty()) {
    const absl::Status status = CheckPhones(language_model.lexicon(), config.phones);
    return status.ok() ? status
                       : absl::InvalidArgumentError(absl::StrCat(
                             path, ": ", status.message(),
                             config.phones.empty()
                                 ? ": it hears no phones; build the language model for it without "
                                   "--pronunciations"
                                 : ": build it again with pronunciations in the model's phones"));
  }
  if (absl::Status status = CheckBeamTokens(config.tokens, path); !status.ok()) return status;
  const auto tokens = absl::MakeConstSpan(config.tokens).subspan(1);  // without the blank
  const uint64_t words = language_model.counts().ngrams[0] - kFirstWord;
  const uint64_t spelt = language_model.lexicon().CountSpelt(tokens);
  if (2 * spelt >= words) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      path, ": only ", spelt, " of its ", words, " words are spelt with the model's letters: ",
      "write the ARPA file's words as the model does, mostly in lower case, and build it again"));
}

}  // namespace

absl::Status StreamOptions::Validate() const {
  bool chunk_known = false;
  for (const int frames : kChunkFrames) chunk_known |= frames == chunk_frames;
  if (!chunk_known) {
    return absl::InvalidArgumentError(
        absl::StrCat("chunk_frames: ", chunk_frames, " is not one of 1, 2, 4, 8, 16"));
  }
  if (max_queued_frames < kMaxChunkFrames * kFeatureFramesPerFrame ||
      max_queued_frames > kMaxBacklogFrames) {
    return absl::InvalidArgumentError(
        absl::StrCat("max_queued_frames: ", max_queued_frames, " is not between ",
                     kMaxChunkFrames * kFeatureFramesPerFrame, " and ", kMaxBacklogFrames));
  }
  if (input == Input::kAudio) {
    if (absl::Status status = audio.Validate(); !status.ok()) return status;
  }
  if (absl::Status status = decoder.Validate(); !status.ok()) return status;
  return endpoint.Validate();
}

absl::StatusOr<std::unique_ptr<Recognizer>> Recognizer::Load(const std::string& model_path,
                                                             const RecognizerOptions& options) {
  absl::StatusOr<std::unique_ptr<ModelFile>> file = ModelFile::Open(model_path);
  if (!file.ok()) return file.status();
  auto encoder = MakeEncoderBackend(**file, options.encoder, options.device);
  if (!encoder.ok()) return encoder.status();
  std::unique_ptr<LanguageModel> language_model;
  if (!options.language_model.empty()) {
    auto opened = LanguageModel::Open(options.language_model);
    if (!opened.ok()) return opened.status();
    language_model = *std::move(opened);
    const absl::Status spelling =
        CheckSpelling(*language_model, options.language_model, (*file)->config());
    if (!spelling.ok()) return spelling;
  }
  CalibrationTable calibrations;
  const auto& metadata = (*file)->metadata();
  if (const auto it = metadata.find(CalibrationTable::kMetadataKey); it != metadata.end()) {
    auto read = CalibrationTable::FromJson(it->second);
    if (!read.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat(model_path, ": metadata: ", read.status().message()));
    }
    calibrations = *std::move(read);
  }
  return std::make_unique<RecognizerImpl>(*std::move(file), *std::move(encoder),
                                          std::move(language_model), std::move(calibrations));
}

}  // namespace rill
