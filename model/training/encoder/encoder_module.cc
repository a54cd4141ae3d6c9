#include "model/training/encoder/encoder_module.h"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>

#include <cmath>

#include "model/file/tensor_names.h"
#include "model/training/encoder/dropout.h"
#include "model/training/encoder/fused_ops.h"
#include "model/training/encoder/plain_ops.h"

namespace rill::training {
namespace {

using at::Tensor;

bool EndsWith(const std::string& name, const std::string& suffix) {
  return name.size() >= suffix.size() &&
         name.compare(name.size() - suffix.size(), suffix.size(), suffix) == 0;
}

bool IsBlockMatrix(const TensorSpec& spec) {
  return spec.name.rfind("blocks.", 0) == 0 && spec.shape.size() == 2 &&
         EndsWith(spec.name, ".weight") && !EndsWith(spec.name, "decay.weight");
}

// Dense layers whose products run in the compute type. The heads for letters stay in float.
bool IsComputeType(const TensorSpec& spec) {
  return EndsWith(spec.name, ".weight") && !EndsWith(spec.name, "decay.weight") &&
         (spec.name.rfind("blocks.", 0) == 0 || spec.name.rfind("front.", 0) == 0 ||
          spec.name == "teacher.weight");
}

// Biases that give the heads memories of 0.32 s .. 2.56 s, evenly spaced in their logarithms.
Tensor InitialDecayBias(int heads) {
  Tensor bias = at::empty({heads}, at::kFloat);
  for (int h = 0; h < heads; ++h) {
    const double share = heads > 1 ? static_cast<double>(h) / (heads - 1) : 1.0;
    const double seconds = 0.32 * std::pow(2.56 / 0.32, share);
    const double keep = std::exp(-kFrameMs / 1000.0 / seconds);
    bias[h] = std::log(keep / (1 - keep));
  }
  return bias;
}

Tensor InitialValue(const TensorSpec& spec, const ModelConfig& config, at::Generator generator) {
  const auto& name = spec.name;
  if (EndsWith(name, "norm") || EndsWith(name, "_scale")) return at::ones(spec.shape, at::kFloat);
  if (EndsWith(name, "decay.bias")) return InitialDecayBias(config.heads);
  if (EndsWith(name, ".bias") || EndsWith(name, ".sink") || EndsWith(name, "decay.weight")) {
    return at::zeros(spec.shape, at::kFloat);
  }
  // So that it does not disturb a model that spells already before it knows anything.
  if (name == "teacher.weight") return at::zeros(spec.shape, at::kFloat);
  int64_t fan_in = 1;
  for (size_t i = 1; i < spec.shape.size(); ++i) fan_in *= spec.shape[i];
  double bound = 1 / std::sqrt(static_cast<double>(fan_in));
  // Residual branches begin small, so that depth does not blow up the stream.
  const bool closes_branch = EndsWith(name, ".down.weight") || EndsWith(name, ".out.weight");
  if (closes_branch) bound /= std::sqrt(2.0 * config.blocks);
  return at::empty(spec.shape, at::kFloat).uniform_(-bound, bound, generator);
}

// The block before which the teacher's head listens: three quarters up.
int TeacherBlock(const ModelConfig& config) { return 3 * config.blocks / 4; }

std::vector<TensorSpec> TrainableTensors(const ModelConfig& config, int64_t teacher_outputs) {
  std::vector<TensorSpec> specs;
  for (TensorSpec& spec : ModelTensors(config)) {
    if (spec.name.rfind("features.", 0) != 0) specs.push_back(std::move(spec));
  }
  if (config.intermediate_block > 0) {
    specs.push_back({"intermediate.norm", {config.width}});
    specs.push_back({"intermediate.weight", {config.num_tokens(), config.width}});
    specs.push_back({"intermediate.bias", {config.num_tokens()}});
  }
  if (teacher_outputs > 0) {
    specs.push_back({"teacher.norm", {config.width}});
    specs.push_back({"teacher.weight", {teacher_outputs, config.width}});
    specs.push_back({"teacher.bias", {teacher_outputs}});
  }
  return specs;
}

}  // namespace

EncoderModule::EncoderModule(const ModelConfig& config, const Options& options)
    : config_(config), options_(options) {
  // Paper mode lacks the parts that the fused kernels fuse.
  if (!options_.device.is_cpu() || config_.attention == AttentionMode::kPaper) {
    options_.plain = true;
  }
  at::Generator generator = at::detail::createCPUGenerator(options_.seed);
  for (const TensorSpec& spec : TrainableTensors(config_, options_.teacher_outputs)) {
    const auto type = IsComputeType(spec) ? options_.compute : at::kFloat;
    Tensor value = InitialValue(spec, config_, generator).to(options_.device, type);
    AddParameter(spec.name, value, IsBlockMatrix(spec));
  }
}

void EncoderModule::AddParameter(const std::string& name, Tensor value, bool is_matrix) {
  value.requires_grad_(true);
  index_[name] = parameters_.size();
  parameters_.push_back({name, std::move(value), is_matrix});
}

EncoderModule::EncoderModule(const EncoderModule& original, SharedParameters)
    : config_(original.config_), options_(original.options_) {
  for (const Parameter& p : original.parameters_) {
    AddParameter(p.name, p.tensor.detach(), p.is_matrix);
  }
}

std::unique_ptr<EncoderModule> EncoderModule::Replicate() const {
  return std::unique_ptr<EncoderModule>(new EncoderModule(*this, SharedParameters{}));
}

const Tensor& EncoderModule::Get(const std::string& name) const {
  return parameters_[index_.at(name)].tensor;
}

Tensor EncoderModule::Silu(const Tensor& x) const {
  return options_.plain ? plain::Silu(x) : fused::Silu(x);
}

Tensor EncoderModule::RmsNorm(const Tensor& x, const std::string& weight, bool silu) const {
  return options_.plain ? plain::RmsNorm(x, Get(weight), silu)
                        : fused::RmsNorm(x, Get(weight), silu);
}

Tensor EncoderModule::AddBranch(Stream& stream, const std::string& norm) const {
  if (!stream.branch.defined()) return RmsNorm(stream.x, norm, /*silu=*/false);
  Tensor y;
  std::tie(stream.x, y) = options_.plain
                              ? plain::AddRmsNorm(stream.x, stream.branch, stream.scale, Get(norm))
                              : fused::AddRmsNorm(stream.x, stream.branch, stream.scale, Get(norm));
  return y;
}

// features: [rows, 4 * frames, mel_bins] -> [rows * frames, width]. The padding of 1 on both sides
// in time never reaches the last output: stride 2 over an even length leaves it out.
Tensor EncoderModule::Front(const Tensor& features) const {
  const int64_t rows = features.size(0), frames = features.size(1) / kFeatureFramesPerFrame;
  const auto convolve = [this](const Tensor& x, const std::string& name) {
    const Tensor bias = Get(name + ".bias").to(options_.compute);
    return at::conv2d(x, Get(name + ".weight"), bias, {2, 2}, at::IntArrayRef{1, 1}).relu();
  };
  Tensor x = features.to(options_.device, options_.compute).unsqueeze(1);
  x = convolve(convolve(x, "front.conv1"), "front.conv2");  // [rows, channels, frames, bins]
  x = x.transpose(1, 2).reshape({rows * frames, -1});
  return at::linear(x, Get("front.proj.weight"), Get("front.proj.bias").to(options_.compute));
}

Tensor EncoderModule::FeedForward(const std::string& name, const Tensor& y) const {
  return at::linear(Silu(at::linear(y, Get(name + ".up.weight"))), Get(name + ".down.weight"));
}

Tensor EncoderModule::Attention(const std::string& name, const Tensor& y,
                                const Tensor& chunk_end) const {
  const int64_t rows = chunk_end.size(0), frames = chunk_end.size(1);
  const bool paper = config_.attention == AttentionMode::kPaper;
  const Tensor qkvg = at::linear(y, Get(name + ".qkvg.weight"))
                          .view({rows, frames, paper ? 3 : 4, config_.heads, 64});
  Tensor merged;
  if (paper) {
    merged = plain::Attention(qkvg, {}, chunk_end, {}, {}, {}, {});
  } else {
    const Tensor decay_weight = Get(name + ".decay.weight").to(y.scalar_type());
    const Tensor logits = at::linear(y, decay_weight).to(at::kFloat) + Get(name + ".decay.bias");
    const Tensor log_decay =
        (at::log_sigmoid(logits) - kMinForget).view({rows, frames, config_.heads}).transpose(1, 2);
    const Tensor z0 = at::softplus(Get(name + ".sink"));
    const Tensor &q_scale = Get(name + ".q_scale"), &k_scale = Get(name + ".k_scale"),
                 &merge_norm = Get(name + ".merge_norm");
    if (options_.plain) {
      const AttentionKernels* const kernels =
          options_.attention.has_value() ? &*options_.attention : nullptr;
      merged =
          plain::Attention(qkvg, log_decay, chunk_end, q_scale, k_scale, z0, merge_norm, kernels);
    } else {
      merged = fused::Attention(qkvg, log_decay, chunk_end, q_scale, k_scale, z0, merge_norm);
    }
  }
  return at::linear(merged.view({rows * frames, -1}), Get(name + ".out.weight"));
}

Tensor EncoderModule::Convolution(const std::string& name, const Tensor& y, int64_t rows) const {
  const Tensor u = at::linear(y, Get(name + ".up.weight")).view({rows, -1, 2 * config_.width});
  const Tensor& taps = Get(name + ".depthwise");
  const Tensor c = options_.plain ? plain::GluConv(u, taps) : fused::GluConv(u, taps);
  const Tensor m = RmsNorm(c.view({-1, config_.width}), name + ".mid_norm", /*silu=*/true);
  return at::linear(m, Get(name + ".down.weight"));
}

// y: [rows * frames, width] -> [rows, frames, rows of the weight], in float.
Tensor EncoderModule::Head(const std::string& name, const Tensor& y, int64_t rows) const {
  const Tensor logits = at::linear(y.to(at::kFloat), Get(name + ".weight"), Get(name + ".bias"));
  return logits.view({rows, -1, logits.size(-1)});
}

EncoderModule::Output EncoderModule::Forward(const Tensor& features, const Tensor& chunk_end,
                                             std::optional<uint64_t> dropout_key) {
  const int64_t rows = features.size(0);
  const Tensor ends = chunk_end.to(options_.device);
  std::optional<Dropout> dropout;
  if (dropout_key.has_value() && options_.dropout > 0) {
    dropout.emplace(options_.dropout, *dropout_key, options_.device);
  }
  Output out;
  Stream stream{Front(features), Tensor(), 0.0};
  for (int n = 0; n < config_.blocks; ++n) {
    const std::string block = "blocks." + std::to_string(n);
    const auto add = [&](const Tensor& branch, double scale) {
      stream.branch = dropout.has_value() ? dropout->Apply(branch) : branch;
      stream.scale = scale;
    };
    Tensor y = AddBranch(stream, block + ".ffn1.norm");
    if (n > 0 && n == config_.intermediate_block) {
      out.intermediate =
          Head("intermediate", RmsNorm(stream.x, "intermediate.norm", /*silu=*/false), rows);
    }
    if (options_.teacher_outputs > 0 && n == TeacherBlock(config_) && at::GradMode::is_enabled()) {
      const Tensor heard = RmsNorm(stream.x, "teacher.norm", /*silu=*/false);
      out.teacher = at::linear(heard, Get("teacher.weight"))
                        .view({rows, -1, options_.teacher_outputs})
                        .to(at::kFloat) +
                    Get("teacher.bias");
    }
    add(FeedForward(block + ".ffn1", y), 0.5);
    y = AddBranch(stream, block + ".attention.norm");
    add(Attention(block + ".attention", y, ends), 1.0);
    y = AddBranch(stream, block + ".conv.norm");
    add(Convolution(block + ".conv", y, rows), 1.0);
    y = AddBranch(stream, block + ".ffn2.norm");
    add(FeedForward(block + ".ffn2", y), 0.5);
  }
  out.logits = Head("head", AddBranch(stream, "final_norm"), rows);
  return out;
}

}  // namespace rill::training
