#include "model/decoder/decoder_factory.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "model/decoder/ctc_beam_decoder.h"
#include "model/decoder/ctc_greedy_decoder.h"
#include "model/file/utf8.h"

namespace rill {

absl::Status CheckBeamTokens(const std::vector<std::string>& tokens, const std::string& field) {
  if (std::find(tokens.begin(), tokens.end(), " ") == tokens.end()) {
    return absl::InvalidArgumentError(
        absl::StrCat(field, ": needs a model with the token \" \"; this one has none"));
  }
  for (const std::string& token : tokens) {
    if (&token != &tokens.front() && Utf8CharacterSize(token) != token.size()) {
      return absl::InvalidArgumentError(absl::StrCat(
          field,
          ": a beam needs a model whose tokens are letters; this one has pieces of words, "
          "such as \"",
          token, "\": it can be decoded greedily only, and without hot words"));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<DecoderFactory> DecoderFactory::Create(const std::vector<std::string>* tokens,
                                                      const LanguageModel* model,
                                                      const DecoderOptions& options,
                                                      const CalibrationTable* calibrations,
                                                      const std::vector<std::string>* phones) {
  if (absl::Status status = options.Validate(); !status.ok()) return status;
  DecoderFactory factory(tokens);
  factory.alternatives_ = options.alternatives;
  factory.min_confidence_ = options.min_confidence;
  factory.beam_ = options.beam;
  factory.greedy_ = options.kind == DecoderOptions::Kind::kGreedy;
  const auto find = [calibrations](bool beam, bool with_model) {
    return calibrations == nullptr ? nullptr
                                   : calibrations->Find(CalibrationTable::Name(beam, with_model));
  };
  factory.greedy_judge_ = {find(/*beam=*/false, model != nullptr), model};
  const LanguageModel* beam_model = factory.greedy_ ? nullptr : model;
  factory.beam_judge_ = {find(/*beam=*/true, beam_model != nullptr), beam_model};
  if (factory.greedy_) {
    factory.beam_.lexicon = false;
    return factory;
  }
  if (model != nullptr && !model->lexicon().phones().empty()) {
    const absl::Status status =
        CheckPhones(model->lexicon(), phones == nullptr ? std::vector<std::string>() : *phones);
    if (!status.ok()) {
      return absl::InvalidArgumentError(absl::StrCat("language model: ", status.message()));
    }
    factory.beam_tokens_ = phones;
    factory.beam_.lexicon = true;
    factory.model_ = model;
    return factory;
  }
  if (absl::Status status = CheckBeamTokens(*tokens, "decoder.kind"); !status.ok()) return status;
  if (options.beam.lexicon && model == nullptr) {
    return absl::InvalidArgumentError(
        "decoder.beam.lexicon: needs a language model, and the recogniser has none");
  }
  factory.model_ = model;
  return factory;
}

absl::Span<const float> DecoderFactory::Part(DecoderOptions::Kind kind,
                                             absl::Span<const float> outputs) const {
  const size_t tokens = tokens_->size();
  return kind == DecoderOptions::Kind::kBeam && by_phones()
             ? outputs.subspan(tokens, beam_tokens_->size())
             : outputs.first(tokens);
}

bool DecoderFactory::IsNoise(DecoderOptions::Kind kind, const Hypothesis& hypothesis) const {
  // Noise is heard as single words; whoever says more is heard badly.
  constexpr size_t kMostWords = 2;
  return judge(kind).calibration != nullptr && hypothesis.words.size() <= kMostWords &&
         hypothesis.confidence < min_confidence_;
}

absl::StatusOr<std::shared_ptr<const HotWords>> DecoderFactory::MakeHotWords(
    absl::Span<const HotWord> hot_words) const {
  if (!hot_words.empty() && !by_phones()) {
    if (absl::Status status = CheckBeamTokens(*tokens_, "hot_words"); !status.ok()) return status;
  }
  return HotWords::Create(hot_words, *beam_tokens_,
                          model_ == nullptr ? nullptr : &model_->lexicon());
}

std::shared_ptr<const HotWords> DecoderFactory::LoadHotWords(StateReader& reader) const {
  auto hot_words = MakeHotWords(rill::LoadHotWords(reader));
  if (reader.Require(hot_words.ok(), "hot words")) return *std::move(hot_words);
  return nullptr;
}

std::unique_ptr<CtcDecoder> DecoderFactory::New(std::shared_ptr<const HotWords> hot_words,
                                                bool beam) const {
  if (greedy_ && hot_words == nullptr && !beam) return std::make_unique<CtcGreedyDecoder>(tokens_);
  auto decoder = std::make_unique<CtcBeamDecoder>(beam_tokens_, model_, beam_, 1 + alternatives_);
  decoder->SetHotWords(std::move(hot_words));
  return decoder;
}

}  // namespace rill
