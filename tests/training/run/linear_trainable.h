// A small stand-in for the encoder: two matrices and a bias, and a cross-entropy per frame in place
// of CTC, so that the trainer can be tested on its own.
#pragma once

#include <ATen/ATen.h>

#include <memory>
#include <vector>

#include "model/training/data/data_source.h"
#include "model/training/encoder/trainable.h"

namespace rill::training {

class LinearTrainable : public Trainable {
 public:
  static constexpr int64_t kMelBins = 8;
  static constexpr int64_t kWidth = 24;
  static constexpr int64_t kVocab = 5;

  explicit LinearTrainable(at::ScalarType compute = at::kFloat) {
    const auto random = [&](at::IntArrayRef shape, uint64_t seed) {
      return at::randn(shape, at::make_generator<at::CPUGeneratorImpl>(seed)).mul_(0.2);
    };
    Add("blocks.0.conv.up.weight", random({kWidth, 4 * kMelBins}, 1).to(compute), true);
    Add("head.weight", random({kVocab, kWidth}, 2).to(compute), false);
    Add("head.bias", at::zeros({kVocab}), false);
  }

  std::vector<Parameter>& parameters() override { return parameters_; }

  std::unique_ptr<Trainable> Replicate() const override {
    auto copy = std::make_unique<LinearTrainable>();
    for (size_t i = 0; i < parameters_.size(); ++i) {
      copy->parameters_[i].tensor = parameters_[i].tensor.variable_data().set_requires_grad(true);
    }
    return copy;
  }

  BatchLoss Backward(const Batch& batch) override {
    const at::Tensor logits = Forward(batch);
    std::vector<int64_t> targets(batch.rows * batch.frames, -100);
    for (const PackedClip& clip : batch.clips) {
      for (size_t i = 0; i < clip.labels.size(); ++i) {
        targets[clip.row * batch.frames + clip.first_frame + i] = clip.labels[i];
      }
    }
    const at::Tensor loss =
        at::cross_entropy_loss(logits.flatten(0, 1), at::tensor(targets), {}, at::Reduction::Sum);
    loss.backward();
    return {loss.item<double>(), 0, 0};
  }

  torch::Tensor Logits(const Batch& batch) override {
    const at::NoGradGuard no_grad;
    return Forward(batch);
  }

 private:
  void Add(const char* name, const at::Tensor& value, bool is_matrix) {
    parameters_.push_back({name, value.detach().set_requires_grad(true), is_matrix});
  }

  at::Tensor Forward(const Batch& batch) const {
    const at::Tensor features =
        at::from_blob(const_cast<float*>(batch.features.data()),
                      {batch.rows, batch.frames, 4 * batch.mel_bins}, at::kFloat);
    const at::Tensor& up = parameters_[0].tensor;
    const at::Tensor hidden = at::silu(at::linear(features.to(up.scalar_type()), up));
    return at::linear(hidden, parameters_[1].tensor).to(at::kFloat) + parameters_[2].tensor;
  }

  std::vector<Parameter> parameters_;
};

// A fixed list of batches, over and over: frames whose label can be read off the features.
class ListBatchSource : public BatchSource {
 public:
  explicit ListBatchSource(std::vector<Batch> batches) : batches_(std::move(batches)) {}

  absl::StatusOr<Batch> Get(int64_t index) override {
    return batches_[index % static_cast<int64_t>(batches_.size())];
  }
  int64_t batches_per_pass() const override { return static_cast<int64_t>(batches_.size()); }

 private:
  std::vector<Batch> batches_;
};

inline Batch RandomBatch(uint64_t seed, int64_t rows = 2, int64_t frames = 6) {
  Batch batch;
  batch.rows = rows;
  batch.frames = frames;
  batch.mel_bins = LinearTrainable::kMelBins;
  const at::Tensor features = at::randn({rows, 4 * frames, batch.mel_bins},
                                        at::make_generator<at::CPUGeneratorImpl>(seed + 100));
  batch.features.assign(features.const_data_ptr<float>(),
                        features.const_data_ptr<float>() + features.numel());
  batch.chunk_end.assign(rows * frames, static_cast<int32_t>(frames));
  for (int64_t row = 0; row < rows; ++row) {
    PackedClip clip = {row, 0, frames, {}, 1.0f};
    for (int64_t t = 0; t < frames; ++t) {
      const float first = batch.features[(row * frames + t) * 4 * batch.mel_bins];
      clip.labels.push_back(first > 0 ? 1 : 2);
    }
    batch.characters += frames;
    batch.clips.push_back(std::move(clip));
  }
  batch.audio_seconds = 0.04 * static_cast<double>(rows * frames);
  return batch;
}

inline std::vector<Batch> RandomBatches(int count) {
  std::vector<Batch> batches;
  for (int i = 0; i < count; ++i) batches.push_back(RandomBatch(i));
  return batches;
}

}  // namespace rill::training
