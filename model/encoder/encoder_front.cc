#include "model/encoder/encoder_front.h"

#include <algorithm>

#include "kernels/cpu/front_conv.h"
#include "model/encoder/channels_last.h"
#include "model/encoder/dense_layer.h"

namespace rill {
namespace {

// Patches are the widest thing here: few frames of them at a time stay in the cache.
constexpr int kPatchFrames = 16;

}  // namespace

absl::StatusOr<std::unique_ptr<EncoderFront>> EncoderFront::Create(
    const ModelFile& file, kernels::MatmulPrecision precision) {
  const ModelConfig& config = file.config();
  std::unique_ptr<EncoderFront> front(new EncoderFront);
  front->bins_ = config.mel_bins;
  front->channels1_ = config.front_channels1;
  front->channels2_ = config.front_channels2;
  front->mean_ = file.Tensor("features.mean");
  front->inv_std_ = file.Tensor("features.inv_std");
  constexpr size_t kTaps = 9;
  const size_t c1 = config.front_channels1, c2 = config.front_channels2;
  front->conv1_weight_ = SwapInner(file.Tensor("front.conv1.weight"), c1, kTaps);
  front->conv1_bias_ = file.Tensor("front.conv1.bias");

  DenseLayerOptions options;
  options.precision = precision;
  options.bias = "front.conv2.bias";
  auto conv2 = MakeDenseLayer(file, "front.conv2.weight",
                              SwapInner(file.Tensor("front.conv2.weight"), c1, kTaps),
                              config.front_channels2, options);
  if (!conv2.ok()) return conv2.status();
  options.bias = "front.proj.bias";
  auto proj = MakeDenseLayer(
      file, "front.proj.weight",
      SwapInner(file.Tensor("front.proj.weight"), c2, static_cast<size_t>(config.front_bins())),
      config.width, options);
  if (!proj.ok()) return proj.status();
  front->conv2_ = *std::move(conv2);
  front->proj_ = *std::move(proj);
  return front;
}

void EncoderFront::Patches(int frames, const float* features, float* slot,
                           const StateLayout& layout, EncoderScratch& scratch,
                           float* patches) const {
  const int64_t row0 = kernels::PaddedBins(bins_);
  const int64_t bins1 = kernels::ConvBins(bins_);
  const int64_t row1 = kernels::PaddedBins(bins1) * channels1_;
  const int64_t frames0 = int64_t{4} * frames, frames1 = int64_t{2} * frames;
  float* level0 = scratch.level0.Get((1 + frames0) * row0);
  float* level1 = scratch.level1.Get((1 + frames1) * row1);

  std::copy_n(slot + layout.front1_tail, row0, level0);
  kernels::NormalizeFeatures(frames0, bins_, features, mean_.data(), inv_std_.data(),
                             level0 + row0);
  std::copy_n(level0 + frames0 * row0, row0, slot + layout.front1_tail);

  std::copy_n(slot + layout.front2_tail, row1, level1);
  kernels::FrontConv(frames1, bins_, channels1_, level0, conv1_weight_.data(), conv1_bias_.data(),
                     level1 + row1);
  std::copy_n(level1 + frames1 * row1, row1, slot + layout.front2_tail);

  kernels::GatherPatches(frames, bins1, channels1_, level1, patches);
}

void EncoderFront::Step(absl::Span<const EncoderRow> rows, StateArena& arena,
                        EncoderScratch& scratch) const {
  const int64_t bins1 = kernels::ConvBins(bins_), bins2 = kernels::ConvBins(bins1);
  const int64_t patch_floats = bins2 * 9 * channels1_;
  const int64_t level2_floats = bins2 * channels2_;
  float* patches = scratch.patches.Get(kPatchFrames * patch_floats);
  float* level2 = scratch.level2.Get(kBlockFrames * level2_floats);

  // Frames of all rows, one after the other: patches, then second convolution, then projection,
  // each over as many frames as it likes best.
  int64_t gathered = 0, convolved = 0, done = 0;
  const auto convolve = [&] {
    float* out = level2 + convolved * level2_floats;
    conv2_->Run(gathered * bins2, patches, out, *scratch.matmul);
    kernels::Relu(gathered * level2_floats, out);
    convolved += gathered;
    gathered = 0;
  };
  const auto project = [&] {
    proj_->Run(convolved, level2, scratch.x + done * scratch.width, *scratch.matmul);
    done += convolved;
    convolved = 0;
  };
  for (const EncoderRow& row : rows) {
    float* slot = arena.slot(row.slot);
    int taken = 0;
    while (taken < row.frames) {
      const int count = std::min(row.frames - taken, static_cast<int>(kPatchFrames - gathered));
      Patches(count, row.features + int64_t{4} * taken * bins_, slot, arena.layout(), scratch,
              patches + gathered * patch_floats);
      taken += count;
      gathered += count;
      if (gathered == kPatchFrames) convolve();
      if (convolved == kBlockFrames) project();
    }
  }
  if (gathered > 0) convolve();
  if (convolved > 0) project();
}

}  // namespace rill
