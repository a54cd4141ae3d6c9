#include "model/training/encoder/text_search.h"

#include <utility>

#include "model/decoder/ctc_beam_decoder.h"
#include "model/decoder/decoder_factory.h"

namespace rill::training {

absl::StatusOr<std::unique_ptr<TextSearch>> TextSearch::Create(
    const std::vector<std::string>& tokens, std::unique_ptr<const LanguageModel> model,
    const BeamOptions& options, int texts) {
  absl::Status status = CheckBeamTokens(tokens, "tokens");
  status.Update(options.Validate());
  if (!status.ok()) return status;
  absl::StatusOr<TokenTable> table = TokenTable::Create(tokens);
  if (!table.ok()) return table.status();
  return std::unique_ptr<TextSearch>(
      new TextSearch(tokens, *std::move(table), std::move(model), options, texts));
}

TextSearch::TextSearch(const std::vector<std::string>& tokens, TokenTable table,
                       std::unique_ptr<const LanguageModel> model, const BeamOptions& options,
                       int texts)
    : tokens_(tokens),
      table_(std::move(table)),
      model_(std::move(model)),
      options_(options),
      texts_(texts),
      scorer_(&tokens_, model_.get(), options_) {}

std::vector<TextSearch::Found> TextSearch::Find(const float* log_probs, int64_t frames) const {
  const auto vocab = static_cast<int64_t>(tokens_.size());
  CtcBeamDecoder decoder(&tokens_, model_.get(), options_, texts_);
  for (int64_t t = 0; t < frames; ++t) {
    decoder.Accept({log_probs + t * vocab, tokens_.size()}, t, t + 1);
  }
  std::vector<Found> found;
  for (const Hypothesis& hypothesis : decoder.TakeNBest(texts_)) {
    // Spelled with tokens by the decoder: each has one.
    const std::vector<int32_t> labels = table_.Encode(hypothesis.text).value();
    found.push_back({hypothesis.text, labels, Score(labels)});
  }
  return found;
}

std::string TextSearch::Spell(const std::vector<int32_t>& labels) const {
  std::string text;
  for (const int32_t label : labels) text += tokens_[label];
  return text;
}

double TextSearch::Score(const std::vector<int32_t>& labels) const {
  TextState text = scorer_.Begin(scorer_.SentenceStart());
  for (const int32_t label : labels) {
    TextState longer;
    scorer_.Extend(text, label, &longer);
    text = longer;
  }
  double score = 0;
  LanguageModel::State history;
  scorer_.Finish(text, /*sentence_end=*/true, &score, &history);
  return score;
}

}  // namespace rill::training
