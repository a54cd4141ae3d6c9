// The encoder's weights on a CUDA device, and a step of it as launches on a stream: the twin of
// Encoder::Step (model/encoder/encoder.h) on the kernels of kernels/cuda. T, of what comes from and
// goes to matrix products, is float or BFloat16; the residual stream, the states, all sums and the
// head are float. Immutable; any thread. Errors are those of kernels/cuda/device_memory.h.
#pragma once

#include <cuda_runtime.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "kernels/cuda/device_memory.h"
#include "kernels/cuda/linear.h"
#include "kernels/cuda/step_rows.h"
#include "model/encoder/encoder_plugin.h"

namespace rill::cuda {

using kernels::cuda::Buffer;
using kernels::cuda::Linear;

// Frames of the smallest step, padding included.
inline constexpr int kLeastFrames = 16;

// Of one Queue: what there is memory for. Frames are a power of two, from kLeastFrames up, padding
// included.
struct StepLimits {
  int rows = 1024;
  int frames = 4096;
};

// What a step works on, in device memory; [frames, ...] for the most frames of a step.
template <typename T>
struct StepArrays {
  const int32_t* slots;   // as StepRows
  const int32_t* starts;  // as StepRows
  const int32_t* chunks;  // [rows], frames
  const float* features;  // [4 * frames, mel_bins]
  float* arena;           // [slots, layout.total]
  T* patches;             // [frames, front_bins, 9 * front_channels1]
  T* level2;              // [frames, front_bins, front_channels2]
  float* residual;        // [frames, width]
  T* normed;              // [frames, width]
  T* wide;                // [frames, wide_width()]
  T* mixed;               // [frames, attention_width]
  float* convolved;       // [frames, width]
  T* branch;              // [frames, width]
  float* last;            // [frames, width]
  float* log_probs;       // [frames, outputs]
};

template <typename T>
class DeviceEncoder {
 public:
  // Onto the device that is current. Unimplemented, naming the field, if the kernels cannot take a
  // model of these sizes.
  static absl::StatusOr<std::unique_ptr<DeviceEncoder>> Load(const EncoderModel& model,
                                                             const StepLimits& limits);

  const ModelConfig& config() const { return config_; }
  const StateLayout& layout() const { return layout_; }
  const StepLimits& limits() const { return limits_; }
  const Buffer<float>& initial_state() const { return initial_state_; }
  int64_t wide_width() const;  // of the widest product in a block

  // One step of `rows` rows, padding included, with `frames` frames in all. Nothing is read on the
  // host, so that what is recorded here serves every step of as many rows and frames.
  absl::Status Queue(int32_t rows, int64_t frames, const StepArrays<T>& arrays,
                     cudaStream_t stream) const;

 private:
  using Floats = Buffer<float>;
  using Product = std::unique_ptr<Linear<T, T>>;
  struct FeedForward {
    Floats norm;
    Product up, down;
  };
  struct Block {
    FeedForward ffn1, ffn2;
    Floats attention_norm, decay_weight, decay_bias, q_scale, k_scale, merge_norm;
    Product qkvg, attention_out;
    Floats conv_norm, taps, mid_norm;
    Product conv_up, conv_down;
  };
  class Loader;
  class Step;

  DeviceEncoder(const EncoderModel& model, const StepLimits& limits)
      : config_(model.config), layout_(model.layout), limits_(limits) {}

  const ModelConfig config_;
  const StateLayout layout_;
  const StepLimits limits_;
  Floats initial_state_;
  Floats mean_, inv_std_, conv1_weight_, conv1_bias_;
  Product conv2_;
  std::unique_ptr<Linear<T, float>> proj_;
  std::vector<Block> blocks_;
  Floats final_norm_;
  std::unique_ptr<Linear<float, float>> head_;  // small, and what the words hang on: always float
};

}  // namespace rill::cuda
