// The encoder and its loss: CTC at the top (of a model that hears phones, its phones' and its
// tokens'), and what LossOptions adds.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "model/training/data/token_ngram.h"
#include "model/training/encoder/loss_options.h"
#include "model/training/encoder/text_search.h"
#include "model/training/encoder/trainable.h"

namespace rill::training {

class EncoderTrainable : public Trainable {
 public:
  // ngram: what LossOptions::crf needs, or null. search: what LossOptions::mwer needs, or null.
  explicit EncoderTrainable(std::unique_ptr<EncoderModule> module, const LossOptions& loss = {},
                            std::shared_ptr<const TokenNgram> ngram = nullptr,
                            std::shared_ptr<const TextSearch> search = nullptr)
      : module_(std::move(module)),
        loss_(loss),
        ngram_(std::move(ngram)),
        search_(std::move(search)) {}

  std::vector<Parameter>& parameters() override { return module_->parameters(); }
  std::unique_ptr<Trainable> Replicate() const override;
  BatchLoss Backward(const Batch& batch) override;
  torch::Tensor Logits(const Batch& batch) override;

 private:
  EncoderModule::Output Forward(const Batch& batch, std::optional<uint64_t> dropout_key);

  std::unique_ptr<EncoderModule> module_;
  LossOptions loss_;
  std::shared_ptr<const TokenNgram> ngram_;
  std::shared_ptr<const TextSearch> search_;
};

}  // namespace rill::training
