// The encoder and its loss: CTC at the top and, with a smaller share, CTC in the middle (J. Lee, S.
// Watanabe, "Intermediate loss regularization for CTC-based speech recognition", ICASSP 2021).
#pragma once

#include <memory>
#include <vector>

#include "model/training/encoder/trainable.h"

namespace rill::training {

class EncoderTrainable : public Trainable {
 public:
  static constexpr double kTopShare = 0.7;
  static constexpr double kIntermediateShare = 0.3;

  explicit EncoderTrainable(std::unique_ptr<EncoderModule> module) : module_(std::move(module)) {}

  std::vector<Parameter>& parameters() override { return module_->parameters(); }
  std::unique_ptr<Trainable> Replicate() const override;
  BatchLoss Backward(const Batch& batch) override;
  torch::Tensor Logits(const Batch& batch) override;

 private:
  EncoderModule::Output Forward(const Batch& batch);

  std::unique_ptr<EncoderModule> module_;
};

}  // namespace rill::training
