#include "model/training/encoder/encoder_trainable.h"

#include <ATen/ATen.h>

#include "model/file/model_config.h"
#include "model/training/encoder/consistency_loss.h"
#include "model/training/encoder/crf_loss.h"
#include "model/training/encoder/mwer_loss.h"
#include "model/training/encoder/teacher_loss.h"

namespace rill::training {

std::unique_ptr<Trainable> EncoderTrainable::Replicate() const {
  return std::make_unique<EncoderTrainable>(module_->Replicate(), loss_, ngram_, search_);
}

EncoderModule::Output EncoderTrainable::Forward(const Batch& batch,
                                                std::optional<uint64_t> dropout_key) {
  // from_blob wants a pointer to non-const; Forward only reads.
  const at::Tensor features = at::from_blob(
      const_cast<float*>(batch.features.data()),
      {batch.rows, kFeatureFramesPerFrame * batch.frames, batch.mel_bins}, at::kFloat);
  const at::Tensor chunk_end = at::from_blob(const_cast<int32_t*>(batch.chunk_end.data()),
                                             {batch.rows, batch.frames}, at::kInt);
  const at::Device device = module_->options().device;
  return module_->Forward(features.to(device), chunk_end.to(device), dropout_key);
}

BatchLoss EncoderTrainable::Backward(const Batch& batch) {
  const EncoderModule::Output output = Forward(batch, batch.key);
  BatchLoss result;
  const at::Tensor top =
      CtcLossSum(output.logits, batch.clips, &result.skipped, loss_.delay_penalty);
  at::Tensor loss = top, middle, crf, mwer, difference, teacher;
  if (ngram_ != nullptr && loss_.crf > 0) {
    crf = CrfLossSum(output.logits, batch.clips, *ngram_);
    loss = loss + loss_.crf * crf;
  }
  if (output.intermediate.defined() && loss_.intermediate > 0) {
    int64_t skipped_again = 0;
    middle = CtcLossSum(output.intermediate, batch.clips, &skipped_again);
    loss = (1 - loss_.intermediate) * loss + loss_.intermediate * middle;
  }
  if (search_ != nullptr && loss_.mwer > 0) {
    mwer = MwerLossSum(output.logits, batch.clips, *search_, &result.words);
    loss = loss + loss_.mwer * mwer;
  }
  if (loss_.consistency > 0 && batch.views == 2) {
    difference = ConsistencyLoss(output.logits, batch.clips);
    loss = loss + loss_.consistency * difference;
  }
  if (output.teacher.defined()) {
    teacher = TeacherLoss(output.teacher, batch.clips);
    loss = loss + loss_.teacher * teacher;
  }
  loss.backward();
  // Last: to read a value is to wait for a GPU.
  result.top = top.item<double>();
  if (middle.defined()) result.intermediate = middle.item<double>();
  if (crf.defined()) result.crf = result.top + crf.item<double>();
  if (mwer.defined()) result.mwer = mwer.item<double>();
  if (difference.defined()) result.consistency = difference.item<double>();
  if (teacher.defined()) result.teacher = teacher.item<double>();
  return result;
}

torch::Tensor EncoderTrainable::Logits(const Batch& batch) {
  const at::NoGradGuard no_grad;
  return Forward(batch, std::nullopt).logits.to(at::kCPU, at::kFloat).contiguous();
}

}  // namespace rill::training
