#include "model/encoder/cuda/device_encoder.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "kernels/cpu/glu_conv.h"
#include "kernels/cuda/attention_step.h"
#include "kernels/cuda/front_conv.h"
#include "kernels/cuda/glu_conv.h"
#include "kernels/cuda/log_softmax.h"
#include "kernels/cuda/rms_norm.h"
#include "kernels/cuda/silu.h"
#include "model/encoder/channels_last.h"
#include "model/file/tensor_names.h"

namespace rill::cuda {

using kernels::BFloat16;
using kernels::cuda::LinearSpec;
using kernels::cuda::SlotPart;
using kernels::cuda::ToStatus;

namespace {

absl::Status CheckSizes(const ModelConfig& config) {
  const auto refuse = [](absl::string_view field, int value, absl::string_view wanted) {
    return absl::UnimplementedError(absl::StrCat("the model's ", field, " is ", value,
                                                 ", and the CUDA kernels take ", wanted,
                                                 "; the processor can serve it"));
  };
  using namespace kernels::cuda;
  if (config.heads > kMaxStepHeads) return refuse("heads", config.heads, "at most 8");
  if (config.width % 4 != 0) return refuse("width", config.width, "multiples of 4");
  if (config.width > kMaxNormWidth) return refuse("width", config.width, "at most 1024");
  if (config.conv_kernel > kernels::kMaxConvKernel) {
    return refuse("conv_kernel", config.conv_kernel, "at most 32");
  }
  if (config.front_channels1 % 4 != 0) {
    return refuse("front_channels1", config.front_channels1, "multiples of 4");
  }
  return absl::OkStatus();
}

}  // namespace

// Reads tensors to the device and keeps the first error.
template <typename T>
class DeviceEncoder<T>::Loader {
 public:
  Loader(const EncoderModel& model, const StepLimits& limits) : model_(model), limits_(limits) {
    auto library = kernels::cuda::OpenLinearLibrary();
    if (library.ok()) library_ = *std::move(library);
    Keep(library.status());
  }

  const absl::Status& status() const { return status_; }

  Floats Upload(const std::vector<float>& values) { return Take(Floats::Copy(values)); }
  Floats Read(const std::string& name) { return Upload(model_.tensor(name)); }

  // rows_per_frame: of the product.
  template <typename Y>
  std::unique_ptr<Linear<T, Y>> Layer(LinearSpec spec, int rows_per_frame = 1) {
    return MakeLayer<T, Y>(std::move(spec), rows_per_frame);
  }
  Product Matrix(const std::string& name, int64_t outputs) {
    LinearSpec spec;
    spec.weight = model_.tensor(name);
    spec.outputs = outputs;
    return MakeLayer<T, T>(std::move(spec), 1);
  }
  std::unique_ptr<Linear<float, float>> Head() {
    LinearSpec spec;
    spec.weight = model_.tensor("head.weight");
    spec.bias = model_.tensor("head.bias");
    spec.outputs = model_.config.outputs();
    return MakeLayer<float, float>(std::move(spec), 1);
  }

  FeedForward ReadFeedForward(const std::string& name) {
    FeedForward ffn;
    ffn.norm = Read(name + ".norm");
    ffn.up = Matrix(name + ".up.weight", model_.config.ffn_width);
    ffn.down = Matrix(name + ".down.weight", model_.config.width);
    return ffn;
  }

 private:
  void Keep(const absl::Status& status) {
    if (status_.ok()) status_ = status;
  }
  template <typename Value>
  Value Take(absl::StatusOr<Value> value) {
    Keep(value.status());
    return value.ok() ? *std::move(value) : Value();
  }
  template <typename X, typename Y>
  std::unique_ptr<Linear<X, Y>> MakeLayer(LinearSpec spec, int rows_per_frame) {
    if (!status_.ok()) return nullptr;
    spec.inputs = static_cast<int64_t>(spec.weight.size()) / spec.outputs;
    spec.least_rows = int64_t{kLeastFrames} * rows_per_frame;
    spec.most_rows = int64_t{limits_.frames} * rows_per_frame;
    return Take(Linear<X, Y>::Create(library_, spec));
  }

  const EncoderModel& model_;
  const StepLimits& limits_;
  std::shared_ptr<kernels::cuda::LinearLibrary> library_;
  absl::Status status_;
};

template <typename T>
absl::StatusOr<std::unique_ptr<DeviceEncoder<T>>> DeviceEncoder<T>::Load(const EncoderModel& model,
                                                                         const StepLimits& limits) {
  const ModelConfig& config = model.config;
  if (absl::Status status = CheckSizes(config); !status.ok()) return status;
  std::unique_ptr<DeviceEncoder> encoder(new DeviceEncoder(model, limits));
  Loader loader(model, limits);
  encoder->initial_state_ = loader.Upload(model.initial_state);

  constexpr size_t kTaps = 9;
  const size_t c1 = config.front_channels1, c2 = config.front_channels2;
  encoder->mean_ = loader.Read("features.mean");
  encoder->inv_std_ = loader.Read("features.inv_std");
  encoder->conv1_weight_ = loader.Upload(SwapInner(model.tensor("front.conv1.weight"), c1, kTaps));
  encoder->conv1_bias_ = loader.Read("front.conv1.bias");
  LinearSpec conv2;
  conv2.outputs = config.front_channels2;
  conv2.weight = SwapInner(model.tensor("front.conv2.weight"), c1, kTaps);
  conv2.bias = model.tensor("front.conv2.bias");
  conv2.relu = true;
  encoder->conv2_ = loader.template Layer<T>(std::move(conv2), config.front_bins());
  LinearSpec proj;
  proj.outputs = config.width;
  proj.weight =
      SwapInner(model.tensor("front.proj.weight"), c2, static_cast<size_t>(config.front_bins()));
  proj.bias = model.tensor("front.proj.bias");
  encoder->proj_ = loader.template Layer<float>(std::move(proj));

  const bool is_paper = config.attention == AttentionMode::kPaper;
  for (int n = 0; n < config.blocks && loader.status().ok(); ++n) {
    const std::string name = absl::StrCat("blocks.", n);
    Block block;
    block.ffn1 = loader.ReadFeedForward(name + ".ffn1");
    block.attention_norm = loader.Read(name + ".attention.norm");
    block.decay_weight = loader.Read(name + ".attention.decay.weight");
    block.decay_bias = loader.Read(name + ".attention.decay.bias");
    block.q_scale = loader.Read(name + ".attention.q_scale");
    block.k_scale = loader.Read(name + ".attention.k_scale");
    block.merge_norm = loader.Read(name + ".attention.merge_norm");
    block.qkvg = loader.Matrix(name + ".attention.qkvg.weight",
                               (is_paper ? 3 : 4) * config.attention_width());
    block.attention_out = loader.Matrix(name + ".attention.out.weight", config.width);
    block.conv_norm = loader.Read(name + ".conv.norm");
    block.taps = loader.Upload(SwapInner(model.tensor(name + ".conv.depthwise"),
                                         static_cast<size_t>(config.width),
                                         static_cast<size_t>(config.conv_kernel)));
    block.mid_norm = loader.Read(name + ".conv.mid_norm");
    block.conv_up = loader.Matrix(name + ".conv.up.weight", 2 * config.width);
    block.conv_down = loader.Matrix(name + ".conv.down.weight", config.width);
    block.ffn2 = loader.ReadFeedForward(name + ".ffn2");
    encoder->blocks_.push_back(std::move(block));
  }
  encoder->final_norm_ = loader.Read("final_norm");
  encoder->head_ = loader.Head();
  if (!loader.status().ok()) return loader.status();
  return encoder;
}

template <typename T>
int64_t DeviceEncoder<T>::wide_width() const {
  return std::max({config_.ffn_width, 4 * config_.attention_width(), 2 * config_.width});
}

// The launches of one step, in order; keeps the first error.
template <typename T>
class DeviceEncoder<T>::Step {
 public:
  Step(const DeviceEncoder& encoder, int32_t rows, int64_t frames, const StepArrays<T>& arrays,
       cudaStream_t stream)
      : encoder_(encoder),
        config_(encoder.config_),
        rows_{rows, arrays.slots, arrays.starts},
        frames_(frames),
        a_(arrays),
        stream_(stream) {}

  absl::Status Run() {
    Front();
    for (size_t n = 0; n < encoder_.blocks_.size(); ++n) {
      const Block& block = encoder_.blocks_[n];
      const int layer = static_cast<int>(n);
      Run(block.ffn1);
      Attention(block, layer);
      Convolution(block, layer);
      Run(block.ffn2);
    }
    Head();
    return status_;
  }

 private:
  void Keep(const absl::Status& status) {
    if (status_.ok()) status_ = status;
  }
  void Keep(cudaError_t error, absl::string_view what) {
    if (error != cudaSuccess) Keep(ToStatus(error, what));
  }
  SlotPart Part(int64_t offset) const { return {a_.arena + offset, encoder_.layout_.total}; }

  template <typename X, typename Y>
  void Multiply(const std::unique_ptr<Linear<X, Y>>& layer, const X* x, Y* y,
                int rows_per_frame = 1) {
    Keep(layer->Run(frames_ * rows_per_frame, x, y, stream_));
  }

  // normed = norm(residual + the branch that is still to be added), which the residual takes in.
  void Normalize(const Floats& weight) {
    Keep(kernels::cuda::RmsNormForward<T>(
             {frames_, config_.width}, a_.residual, branch_scale_ != 0 ? a_.branch : nullptr,
             branch_scale_, weight.data(), /*silu=*/false, a_.residual, a_.normed, stream_),
         "normalisation");
  }

  void Front() {
    kernels::cuda::FrontWeights weights;
    weights.bins = config_.mel_bins;
    weights.channels = config_.front_channels1;
    weights.mean = encoder_.mean_.data();
    weights.inv_std = encoder_.inv_std_.data();
    weights.weight = encoder_.conv1_weight_.data();
    weights.bias = encoder_.conv1_bias_.data();
    Keep(kernels::cuda::FrontPatches<T>(rows_, weights, a_.features,
                                        Part(encoder_.layout_.front1_tail),
                                        Part(encoder_.layout_.front2_tail), a_.patches, stream_),
         "front convolution");
    Multiply(encoder_.conv2_, a_.patches, a_.level2, config_.front_bins());
    Multiply(encoder_.proj_, a_.level2, a_.residual);
  }

  void Run(const FeedForward& ffn) {
    Normalize(ffn.norm);
    Multiply(ffn.up, a_.normed, a_.wide);
    Keep(kernels::cuda::SiluForward<T>(frames_ * config_.ffn_width, a_.wide, a_.wide, stream_),
         "SiLU");
    Multiply(ffn.down, a_.wide, a_.branch);
    branch_scale_ = 0.5f;
  }

  void Attention(const Block& block, int layer) {
    Normalize(block.attention_norm);
    Multiply(block.qkvg, a_.normed, a_.wide);
    kernels::cuda::AttentionStepArgs<T> args = {};
    args.rows = rows_;
    args.chunks = a_.chunks;
    args.heads = config_.heads;
    args.qkvg = a_.wide;
    args.frame_stride =
        (config_.attention == AttentionMode::kPaper ? 3 : 4) * config_.attention_width();
    args.q_scale = DataOrNull(block.q_scale);
    args.k_scale = DataOrNull(block.k_scale);
    args.y = a_.normed;
    args.width = config_.width;
    args.decay_weight = DataOrNull(block.decay_weight);
    args.decay_bias = DataOrNull(block.decay_bias);
    args.min_forget = kMinForget;
    args.state = Part(encoder_.layout_.attention(layer));
    args.merge_weight = DataOrNull(block.merge_norm);
    args.out = a_.mixed;
    Keep(kernels::cuda::AttentionStep<T>(args, stream_), "attention");
    Multiply(block.attention_out, a_.mixed, a_.branch);
    branch_scale_ = 1.0f;
  }

  void Convolution(const Block& block, int layer) {
    Normalize(block.conv_norm);
    Multiply(block.conv_up, a_.normed, a_.wide);
    Keep(kernels::cuda::GluConvStep<T>(rows_, config_.width, config_.conv_kernel, a_.wide,
                                       block.taps.data(), Part(encoder_.layout_.conv_tail(layer)),
                                       a_.convolved, stream_),
         "convolution");
    Keep(kernels::cuda::RmsNormForward<T>({frames_, config_.width}, a_.convolved, nullptr, 0.0f,
                                          block.mid_norm.data(), /*silu=*/true, nullptr, a_.normed,
                                          stream_),
         "normalisation");
    Multiply(block.conv_down, a_.normed, a_.branch);
    branch_scale_ = 1.0f;
  }

  void Head() {
    Normalize(encoder_.final_norm_);  // for the residual; the head takes floats
    Keep(kernels::cuda::RmsNormForward<float>({frames_, config_.width}, a_.residual, nullptr, 0.0f,
                                              encoder_.final_norm_.data(), /*silu=*/false, nullptr,
                                              a_.last, stream_),
         "normalisation");
    Multiply(encoder_.head_, a_.last, a_.log_probs);
    NormalizeOutputs(0, config_.num_tokens());
    if (config_.num_phones() > 0) NormalizeOutputs(config_.num_tokens(), config_.num_phones());
  }

  void NormalizeOutputs(int first, int count) {
    float* logits = a_.log_probs + first;
    Keep(kernels::cuda::LogSoftmax(frames_, count, config_.outputs(), logits, logits, {}, stream_),
         "log-softmax");
  }

  static const float* DataOrNull(const Floats& values) {
    return values.size() == 0 ? nullptr : values.data();
  }

  const DeviceEncoder& encoder_;
  const ModelConfig& config_;
  const kernels::cuda::StepRows rows_;
  const int64_t frames_;
  const StepArrays<T>& a_;
  const cudaStream_t stream_;
  float branch_scale_ = 0;
  absl::Status status_;
};

template <typename T>
absl::Status DeviceEncoder<T>::Queue(int32_t rows, int64_t frames, const StepArrays<T>& arrays,
                                     cudaStream_t stream) const {
  return Step(*this, rows, frames, arrays, stream).Run();
}

template class DeviceEncoder<float>;
template class DeviceEncoder<BFloat16>;

}  // namespace rill::cuda
