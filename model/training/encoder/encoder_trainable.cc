#include "model/training/encoder/encoder_trainable.h"

#include <ATen/ATen.h>

#include "model/file/model_config.h"
#include "model/training/encoder/consistency_loss.h"
#include "model/training/encoder/crf_loss.h"
#include "model/training/encoder/mwer_loss.h"
#include "model/training/encoder/teacher_loss.h"

namespace rill::training {
namespace {

// The clips with their phones for labels; without what a teacher heard.
std::vector<PackedClip> LabelledWithPhones(const std::vector<PackedClip>& clips) {
  std::vector<PackedClip> said;
  said.reserve(clips.size());
  for (const PackedClip& clip : clips) {
    said.push_back({clip.row, clip.first_frame, clip.frames, clip.phones, clip.weight});
  }
  return said;
}

}  // namespace

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
  const int64_t tokens = module_->config().num_tokens(), phones = module_->config().num_phones();
  // What the top is about: the phones if there are any.
  at::Tensor logits = output.logits, letter_logits;
  std::vector<PackedClip> said;
  if (phones > 0) {
    letter_logits = logits.narrow(-1, 0, tokens);
    logits = logits.narrow(-1, tokens, phones);
    said = LabelledWithPhones(batch.clips);
  }
  const std::vector<PackedClip>& clips = phones > 0 ? said : batch.clips;
  const auto mix = [this](const at::Tensor& of_phones, const at::Tensor& of_letters) {
    return (1 - loss_.letters) * of_phones + loss_.letters * of_letters;
  };
  BatchLoss result;
  int64_t skipped_again = 0;
  const at::Tensor top = CtcLossSum(logits, clips, &result.skipped, loss_.delay_penalty);
  at::Tensor loss = top, letters, middle, crf, mwer, difference, teacher;
  if (ngram_ != nullptr && loss_.crf > 0) {
    crf = CrfLossSum(logits, clips, *ngram_);
    loss = loss + loss_.crf * crf;
  }
  if (phones > 0) {
    letters = CtcLossSum(letter_logits, batch.clips, &skipped_again, loss_.delay_penalty);
    loss = mix(loss, letters);
  }
  if (output.intermediate.defined() && loss_.intermediate > 0) {
    middle = CtcLossSum(output.intermediate, batch.clips, &skipped_again);
    loss = (1 - loss_.intermediate) * loss + loss_.intermediate * middle;
  }
  if (search_ != nullptr && loss_.mwer > 0) {
    mwer = MwerLossSum(logits, clips, *search_, &result.words);
    loss = loss + loss_.mwer * mwer;
  }
  if (loss_.consistency > 0 && batch.views == 2) {
    difference = ConsistencyLoss(logits, clips);
    if (phones > 0) difference = mix(difference, ConsistencyLoss(letter_logits, clips));
    loss = loss + loss_.consistency * difference;
  }
  if (output.teacher.defined()) {
    teacher = TeacherLoss(output.teacher, batch.clips);
    loss = loss + loss_.teacher * teacher;
  }
  loss.backward();
  // Last: to read a value is to wait for a GPU.
  result.top = top.item<double>();
  if (letters.defined()) result.letters = letters.item<double>();
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
