// What the commands of rill-decode-eval share: a speech model, a language model, recordings and
// what the encoder made of them, and how they are decoded. Used by one thread at a time.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "model/decoder/decoder_factory.h"
#include "model/recognizer.h"
#include "model/utterance_builder.h"
#include "tests/bench/log_prob_corpus.h"

namespace rill {

struct EvaluationOptions {
  std::string model;
  std::string language_model;  // empty: none
  std::vector<std::string> corpora;
  std::string cache;   // folder; empty: hear everything anew
  int chunk = 8;       // encoder frames
  bool noise = false;  // folders of recordings in which nobody speaks, instead of manifests
  std::vector<std::string> without;  // patterns of names: somebody speaks in those
};

inline constexpr int64_t kSamplesPerFrame = 640;
inline constexpr int64_t kSamplesPerMs = 16;

// By name: greedy; beam: without a language model; open, lexicon: with it.
struct DecoderSetting {
  std::string decoder = "open";
  BeamOptions beam = {};
  float min_confidence = DecoderOptions().min_confidence;
  int alternatives = 0;
};

class Evaluation {
 public:
  static absl::StatusOr<std::unique_ptr<Evaluation>> Open(const EvaluationOptions& options);

  const ModelFile& model() const { return *file_; }
  const ModelConfig& config() const { return encoder_->config(); }
  size_t outputs() const { return static_cast<size_t>(config().outputs()); }
  const LanguageModel* language_model() const { return language_model_.get(); }
  const std::vector<LogProbCorpus>& corpora() const { return corpora_; }
  int chunk() const { return options_.chunk; }
  // The same recordings, heard in other chunks.
  absl::StatusOr<std::vector<LogProbCorpus>> Corpora(int chunk) const;

  absl::StatusOr<DecoderFactory> Factory(const DecoderSetting& setting) const;

  // All events of a stream of this clip, whose events are taken every `step` frames.
  std::vector<StreamEvent> Recognise(const LogProbClip& clip, const DecoderFactory& factory,
                                     std::shared_ptr<const HotWords> hot_words,
                                     const UtteranceOptions& options, int step) const;
  // The words of all finals.
  std::vector<Word> FinalWords(const LogProbClip& clip, const DecoderFactory& factory,
                               std::shared_ptr<const HotWords> hot_words = nullptr) const;

 private:
  Evaluation() = default;

  EvaluationOptions options_;
  std::unique_ptr<ModelFile> file_;
  std::unique_ptr<Encoder> encoder_;
  std::unique_ptr<LanguageModel> language_model_;
  CalibrationTable calibrations_;  // of the model file
  std::vector<LogProbCorpus> corpora_;
};

}  // namespace rill
