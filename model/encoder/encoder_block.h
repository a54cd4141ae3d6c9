// One block of the encoder: half feed-forward, linear attention, convolution, half feed-forward,
// each after its RMSNorm. See model/file/tensor_names.h for the formulae. Immutable; any thread
// with its own scratch.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "kernels/cpu/matmul.h"
#include "model/encoder/encoder_scratch.h"
#include "model/encoder/state_arena.h"
#include "model/file/model_file.h"

namespace rill {

class EncoderBlock {
 public:
  static absl::StatusOr<std::unique_ptr<EncoderBlock>> Create(const ModelFile& file, int layer,
                                                              kernels::MatmulPrecision precision);

  // Changes scratch.x and scratch.branch, and this layer's part of the rows' slots.
  void Step(StateArena& arena, EncoderScratch& scratch) const;

 private:
  struct FeedForward {
    std::vector<float> norm;
    std::unique_ptr<kernels::PackedLinear> up, down;
  };
  struct Attention {
    std::vector<float> norm;
    std::unique_ptr<kernels::PackedLinear> qkvg, out;
    // Empty in paper mode.
    std::vector<float> decay_weight, decay_bias, q_scale, k_scale, merge_norm;
  };
  struct Convolution {
    std::vector<float> norm, taps, mid_norm;
    std::unique_ptr<kernels::PackedLinear> up, down;
  };

  EncoderBlock() = default;
  static absl::Status Load(const ModelFile& file, const std::string& name,
                           kernels::MatmulPrecision precision, FeedForward* ffn);
  static absl::Status Load(const ModelFile& file, const std::string& name,
                           kernels::MatmulPrecision precision, Attention* attention);
  static absl::Status Load(const ModelFile& file, const std::string& name,
                           kernels::MatmulPrecision precision, Convolution* conv);

  void Step(const FeedForward& ffn, EncoderScratch& scratch) const;
  void Step(const Attention& attention, StateArena& arena, EncoderScratch& scratch) const;
  void Step(const Convolution& conv, StateArena& arena, EncoderScratch& scratch) const;

  int layer_, heads_, conv_kernel_;
  FeedForward ffn1_, ffn2_;
  Attention attention_;
  Convolution conv_;
};

// y = rms_norm(x + pending branch) * weight over frames [first, first + count), and x takes the
// branch in.
void NormalizeResidual(int64_t first, int64_t count, const std::vector<float>& weight,
                       const EncoderScratch& scratch, float* y);

}  // namespace rill
