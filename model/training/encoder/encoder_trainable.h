// The encoder and its loss: CTC at the top, and what LossOptions adds.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "model/training/encoder/loss_options.h"
#include "model/training/encoder/trainable.h"

namespace rill::training {

class EncoderTrainable : public Trainable {
 public:
  explicit EncoderTrainable(std::unique_ptr<EncoderModule> module, const LossOptions& loss = {})
      : module_(std::move(module)), loss_(loss) {}

  std::vector<Parameter>& parameters() override { return module_->parameters(); }
  std::unique_ptr<Trainable> Replicate() const override;
  BatchLoss Backward(const Batch& batch) override;
  torch::Tensor Logits(const Batch& batch) override;

 private:
  EncoderModule::Output Forward(const Batch& batch, std::optional<uint64_t> dropout_key);

  std::unique_ptr<EncoderModule> module_;
  LossOptions loss_;
};

}  // namespace rill::training
