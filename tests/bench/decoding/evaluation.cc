#include "tests/bench/decoding/evaluation.h"

#include <utility>

namespace rill {

absl::StatusOr<std::unique_ptr<Evaluation>> Evaluation::Open(const EvaluationOptions& options) {
  std::unique_ptr<Evaluation> evaluation(new Evaluation());
  evaluation->options_ = options;
  auto file = ModelFile::Open(options.model);
  if (!file.ok()) return file.status();
  evaluation->file_ = *std::move(file);
  auto encoder = Encoder::Create(*evaluation->file_, {});
  if (!encoder.ok()) return encoder.status();
  evaluation->encoder_ = *std::move(encoder);
  if (!options.language_model.empty()) {
    auto opened = LanguageModel::Open(options.language_model);
    if (!opened.ok()) return opened.status();
    evaluation->language_model_ = *std::move(opened);
  }
  const auto& metadata = evaluation->file_->metadata();
  if (const auto it = metadata.find(CalibrationTable::kMetadataKey); it != metadata.end()) {
    auto calibrations = CalibrationTable::FromJson(it->second);
    if (!calibrations.ok()) return calibrations.status();
    evaluation->calibrations_ = *std::move(calibrations);
  }
  auto corpora = evaluation->Corpora(options.chunk);
  if (!corpora.ok()) return corpora.status();
  evaluation->corpora_ = *std::move(corpora);
  return evaluation;
}

absl::StatusOr<std::vector<LogProbCorpus>> Evaluation::Corpora(int chunk) const {
  if (options_.noise)
    return ReadNoiseLogProbs(options_.corpora, options_.without, *encoder_, chunk);
  if (options_.cache.empty()) return ReadLogProbs(options_.corpora, *encoder_, chunk);
  return ReadLogProbsOnce(options_.corpora, *encoder_, chunk, file_->hash(), options_.cache);
}

absl::StatusOr<DecoderFactory> Evaluation::Factory(const DecoderSetting& setting) const {
  DecoderOptions options;
  options.kind =
      setting.decoder == "greedy" ? DecoderOptions::Kind::kGreedy : DecoderOptions::Kind::kBeam;
  options.beam = setting.beam;
  options.min_confidence = setting.min_confidence;
  options.alternatives = setting.alternatives;
  options.beam.lexicon = setting.decoder == "lexicon";
  const bool with_model = setting.decoder == "open" || setting.decoder == "lexicon";
  return DecoderFactory::Create(&config().tokens, with_model ? language_model() : nullptr, options,
                                &calibrations_, &config().phones);
}

std::vector<StreamEvent> Evaluation::Recognise(const LogProbClip& clip,
                                               const DecoderFactory& factory,
                                               std::shared_ptr<const HotWords> hot_words,
                                               const UtteranceOptions& options, int step) const {
  UtteranceBuilder builder(factory, std::move(hot_words), options);
  std::vector<StreamEvent> events;
  const auto take = [&] {
    for (StreamEvent& event : builder.TakeEvents()) events.push_back(std::move(event));
  };
  int64_t frame = 0;
  for (size_t at = 0; at < clip.log_probs.size(); at += outputs(), ++frame) {
    builder.Accept({clip.log_probs.data() + at, outputs()}, frame * kSamplesPerFrame,
                   (frame + 1) * kSamplesPerFrame);
    if ((frame + 1) % step == 0) take();
  }
  builder.End();
  take();
  return events;
}

std::vector<Word> Evaluation::FinalWords(const LogProbClip& clip, const DecoderFactory& factory,
                                         std::shared_ptr<const HotWords> hot_words) const {
  UtteranceOptions options;
  options.interim_results = false;
  std::vector<Word> words;
  for (StreamEvent& event : Recognise(clip, factory, std::move(hot_words), options, 1)) {
    if (event.kind != StreamEvent::Kind::kFinal) continue;
    for (Word& word : event.hypothesis.words) words.push_back(std::move(word));
  }
  return words;
}

}  // namespace rill
