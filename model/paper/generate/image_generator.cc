#include "model/paper/generate/image_generator.h"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>

#include "model/paper/generate/mixture_of_logistics.h"

namespace rill::paper {

using at::Tensor;

ImageGenerator::ImageGenerator(const Transformer& network, int64_t batch, uint64_t seed)
    : network_(network),
      random_(at::make_generator<at::CPUGeneratorImpl>(seed)),
      state_(network.NewState(batch)),
      inputs_(at::zeros({batch, network.config().positions}, at::kLong)) {
  inputs_.select(1, 0).fill_(kStartSymbol);
}

Tensor ImageGenerator::NextParameters() {
  const at::NoGradGuard no_grad;
  if (state_ != nullptr) return network_.Step(inputs_.select(1, length_ - 1), *state_);
  return network_.Forward(inputs_.narrow(1, 0, length_), {}, 0).select(1, length_ - 1);
}

Tensor ImageGenerator::Draw() {
  const Tensor pixels = SamplePixels(NextParameters(), random_);
  if (length_ < inputs_.size(1)) inputs_.select(1, length_).copy_(pixels);
  ++length_;
  return pixels;
}

void ImageGenerator::Give(const Tensor& pixels) {
  if (state_ != nullptr) NextParameters();
  inputs_.select(1, length_++).copy_(pixels);
}

void ImageGenerator::Skip(int64_t pixels) {
  if (state_ != nullptr) state_->Skip(pixels);
  length_ += pixels;
}

int64_t ImageGenerator::StateBytes(int64_t pixels) const {
  int64_t bytes = 0;
  if (state_ == nullptr) return pixels * static_cast<int64_t>(sizeof(int64_t));
  for (const auto& memory : state_->layers) bytes += memory->BytesAfter(pixels);
  return bytes;
}

}  // namespace rill::paper
