// Makes the decoders of one stream, and its hot words ready. Immutable; any thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "model/decoder/calibration.h"
#include "model/decoder/ctc_decoder.h"
#include "model/decoder/decoder_options.h"
#include "model/decoder/greedy_spelling.h"
#include "model/decoder/hot_words.h"
#include "model/language_model/language_model.h"

namespace rill {

// InvalidArgument, beginning with `field`, if no beam can take these tokens. It spells texts, hot
// words and lexicon with one token a letter, and a space: with pieces of words it would take
// another spelling of the same word for another word.
absl::Status CheckBeamTokens(const std::vector<std::string>& tokens, const std::string& field);

class DecoderFactory {
 public:
  // Greedy, no hot words. `tokens` is not owned.
  explicit DecoderFactory(const std::vector<std::string>* tokens)
      : tokens_(tokens), beam_tokens_(tokens) {}

  // InvalidArgument naming the field: options out of range, or that the model or the language model
  // (null: none) does not allow. Neither `tokens` nor `model` is owned. options.hot_words are not
  // looked at: see MakeHotWords. `calibrations`: of confidence and stability; null: none; not
  // owned. `phones`: the model's, which beams take if the language model's lexicon is made of them;
  // null or empty: none; not owned.
  static absl::StatusOr<DecoderFactory> Create(const std::vector<std::string>* tokens,
                                               const LanguageModel* model,
                                               const DecoderOptions& options,
                                               const CalibrationTable* calibrations = nullptr,
                                               const std::vector<std::string>* phones = nullptr);

  // As HotWords::Create; they are for this factory's decoders only.
  absl::StatusOr<std::shared_ptr<const HotWords>> MakeHotWords(
      absl::Span<const HotWord> hot_words) const;

  // Those that Save(const HotWords*, ...) wrote. What is wrong with them becomes the reader's
  // error.
  std::shared_ptr<const HotWords> LoadHotWords(StateReader& reader) const;

  // `hot_words`: null for none. `beam`: also if the stream is greedy and has no hot words.
  std::unique_ptr<CtcDecoder> New(std::shared_ptr<const HotWords> hot_words,
                                  bool beam = false) const;

  // Of what the model says of a frame, [tokens, then phones], that which such a decoder takes.
  absl::Span<const float> Part(DecoderOptions::Kind kind, absl::Span<const float> outputs) const;
  // Beside a beam.
  GreedySpelling NewSpelling() const { return GreedySpelling(beam_tokens_, by_phones()); }
  int alternatives() const { return alternatives_; }
  // Whether a final, whose confidence is set, is less likely words than noise. `kind`, here and
  // below: of the decoder that gave it; a greedy stream's is a beam while it has hot words.
  bool IsNoise(DecoderOptions::Kind kind, const Hypothesis& hypothesis) const;

  // As the functions of these names in calibration.h do, of what this factory's decoders gave.
  void SetConfidence(DecoderOptions::Kind kind, Hypothesis* hypothesis) const {
    rill::SetConfidence(judge(kind).calibration, judge(kind).model, hypothesis);
  }
  void SetStability(DecoderOptions::Kind kind, int64_t time, Hypothesis* hypothesis) const {
    rill::SetStability(judge(kind).calibration, time, hypothesis);
  }

 private:
  struct Judge {
    const Calibration* calibration = nullptr;
    const LanguageModel* model = nullptr;
  };
  const Judge& judge(DecoderOptions::Kind kind) const {
    return kind == DecoderOptions::Kind::kBeam ? beam_judge_ : greedy_judge_;
  }

  bool by_phones() const { return beam_tokens_ != tokens_; }

  const std::vector<std::string>* tokens_;
  const std::vector<std::string>* beam_tokens_;
  const LanguageModel* model_ = nullptr;  // what beams use
  Judge greedy_judge_, beam_judge_;
  bool greedy_ = true;
  BeamOptions beam_;
  int alternatives_ = 0;
  float min_confidence_ = 0;
};

}  // namespace rill
