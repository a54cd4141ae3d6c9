#include "model/training/encoder/text_search.h"

#include <utility>

#include "model/decoder/ctc_beam_decoder.h"
#include "model/decoder/decoder_factory.h"

namespace rill::training {

absl::StatusOr<std::unique_ptr<TextSearch>> TextSearch::Create(
    const std::vector<std::string>& tokens, std::unique_ptr<const LanguageModel> model,
    const BeamOptions& options, int texts) {
  const bool by_phones = model != nullptr && !model->lexicon().phones().empty();
  absl::Status status =
      by_phones ? CheckPhones(model->lexicon(), tokens) : CheckBeamTokens(tokens, "tokens");
  status.Update(options.Validate());
  if (!status.ok()) return status;
  BeamOptions beam = options;
  beam.lexicon |= by_phones;  // no phones spell what the lexicon has not
  return std::unique_ptr<TextSearch>(new TextSearch(tokens, std::move(model), beam, texts));
}

TextSearch::TextSearch(const std::vector<std::string>& tokens,
                       std::unique_ptr<const LanguageModel> model, const BeamOptions& options,
                       int texts)
    : tokens_(tokens),
      model_(std::move(model)),
      options_(options),
      texts_(texts),
      speller_(&tokens_, model_ == nullptr ? nullptr : &model_->lexicon()),
      scorer_(&tokens_, model_.get(), options_) {}

std::vector<TextSearch::Found> TextSearch::Find(const float* log_probs, int64_t frames) const {
  const auto vocab = static_cast<int64_t>(tokens_.size());
  CtcBeamDecoder decoder(&tokens_, model_.get(), options_, texts_);
  for (int64_t t = 0; t < frames; ++t) {
    decoder.Accept({log_probs + t * vocab, tokens_.size()}, t, t + 1);
  }
  std::vector<Found> found;
  for (const Hypothesis& hypothesis : decoder.TakeNBest(texts_)) {
    found.push_back(ToFound(hypothesis));
  }
  return found;
}

std::string TextSearch::Spell(const std::vector<int32_t>& labels) const {
  std::string text;
  for (const int32_t label : labels) text += tokens_[label];
  return text;
}

std::vector<int32_t> TextSearch::LabelsOf(const Word& word) const {
  std::vector<int32_t> labels;
  if (!speller_.by_phones()) {
    const std::vector<int> letters = speller_.Spell(word.text).value();  // the decoder did, too
    labels.assign(letters.begin(), letters.end());
    return labels;
  }
  for (const char phone : word.evidence.letters) labels.push_back(static_cast<uint8_t>(phone));
  return labels;
}

TextSearch::Found TextSearch::ToFound(const Hypothesis& hypothesis) const {
  Found found;
  TextState text = scorer_.Begin(scorer_.SentenceStart());
  const auto extend = [&](int32_t label, WordId word) {
    TextState longer;
    scorer_.Extend(text, label, &longer, word);
    text = longer;
    found.labels.push_back(label);
  };
  WordId before = kUnknownWord;
  for (const Word& word : hypothesis.words) {
    if (!found.labels.empty()) extend(speller_.space(), before);
    for (const int32_t label : LabelsOf(word)) extend(label, kUnknownWord);
    before = speller_.by_phones() ? model_->lexicon().Find(word.text) : kUnknownWord;
  }
  LanguageModel::State history;
  scorer_.Finish(text, /*sentence_end=*/true, &found.score, &history);
  found.text = Spell(found.labels);
  return found;
}

}  // namespace rill::training
