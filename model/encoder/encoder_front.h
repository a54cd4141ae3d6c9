// The encoder's first part: log-mel features to frames of 40 ms. Global normalisation, two causal
// 3x3 convolutions of stride 2 with ReLU, a projection to the encoder's width. Its memory of a
// stream is one feature frame and one level-1 frame, in the stream's slot. Immutable; any thread
// with its own scratch.
#pragma once

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "kernels/cpu/matmul.h"
#include "model/encoder/encoder_scratch.h"
#include "model/encoder/state_arena.h"
#include "model/file/model_file.h"

namespace rill {

class EncoderFront {
 public:
  static absl::StatusOr<std::unique_ptr<EncoderFront>> Create(const ModelFile& file,
                                                              kernels::MatmulPrecision precision);

  // Writes scratch.x.
  void Step(absl::Span<const EncoderRow> rows, StateArena& arena, EncoderScratch& scratch) const;

 private:
  EncoderFront() = default;
  // `frames` frames of one stream: their patches, and the stream's tails.
  void Patches(int frames, const float* features, float* slot, const StateLayout& layout,
               EncoderScratch& scratch, float* patches) const;

  int bins_, channels1_, channels2_;
  std::vector<float> mean_, inv_std_;
  std::vector<float> conv1_weight_;  // [3, 3, channels1]
  std::vector<float> conv1_bias_;
  std::unique_ptr<kernels::PackedLinear> conv2_;  // inputs: [3, 3, channels1]
  std::unique_ptr<kernels::PackedLinear> proj_;   // inputs: [bins, channels2]
};

}  // namespace rill
