// The encoder in its parallel form, for training: whole packed rows at a time, with gradients.
// The same function as model/encoder/encoder.h (the tests hold one against the other).
//
// On a CPU the elementwise parts, attention and CTC are rill's fused kernels wrapped as autograd
// functions; elsewhere (or if `plain`), LibTorch's own operations compute the same, and attention
// is rill's where it has a kernel for the device.
//
// Thread rule: one thread at a time. Replicas that share their parameters' memory (Replicate) may
// run at the same time, each accumulating into its own gradients.
#pragma once

#include <torch/types.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "model/file/model_config.h"
#include "model/training/data/batch.h"
#include "model/training/encoder/linear_attention.h"

namespace rill::training {

struct Parameter {
  std::string name;  // as in tensor_names.h; training's own heads: "intermediate.*", "teacher.*"
  torch::Tensor tensor;  // a leaf; matrices in the compute type, vectors in float
  bool is_matrix;        // a block matrix, for Muon; else AdamW
};

class EncoderModule {
 public:
  struct Options {
    torch::Device device = torch::kCPU;
    torch::ScalarType compute = torch::kFloat;  // kBFloat16: weights and activations in memory
    bool plain = false;                         // LibTorch operations only, but for:
    // Of the device; else quadratic attention.
    std::optional<AttentionKernels> attention = std::nullopt;
    int64_t teacher_outputs = 0;  // of the head that guesses a teacher's codes; 0: no such head
    double dropout = 0;  // part of what a branch adds to the residual stream that is left out
    uint64_t seed = 1;
  };

  struct Output {
    torch::Tensor logits;  // [rows, frames, outputs] float: the tokens', then the phones'
    // [rows, frames, tokens], of the head after block `intermediate_block`; undefined if none
    torch::Tensor intermediate;
    torch::Tensor teacher;  // [rows, frames, teacher_outputs] float; undefined if none
  };

  EncoderModule(const ModelConfig& config, const Options& options);

  // features: [rows, 4 * frames, mel_bins], normalised, in any float type; chunk_end: [rows,
  // frames] int32. What dropout leaves out depends on `dropout_key`; without one there is none. The
  // teacher's head speaks only where gradients are wanted.
  Output Forward(const torch::Tensor& features, const torch::Tensor& chunk_end,
                 std::optional<uint64_t> dropout_key = std::nullopt);

  // A module whose parameters share this one's memory and have gradients of their own.
  std::unique_ptr<EncoderModule> Replicate() const;

  std::vector<Parameter>& parameters() { return parameters_; }
  const ModelConfig& config() const { return config_; }
  const Options& options() const { return options_; }

 private:
  // The residual stream: x, and the branch (if any yet) that waits to be added to it, times scale.
  struct Stream {
    torch::Tensor x;
    torch::Tensor branch;
    double scale;
  };
  struct SharedParameters {};

  EncoderModule(const EncoderModule& original, SharedParameters);
  void AddParameter(const std::string& name, torch::Tensor value, bool is_matrix);
  const torch::Tensor& Get(const std::string& name) const;

  // Adds the waiting branch to the stream and returns the normalised sum.
  torch::Tensor AddBranch(Stream& stream, const std::string& norm) const;
  torch::Tensor RmsNorm(const torch::Tensor& x, const std::string& weight, bool silu) const;
  torch::Tensor Silu(const torch::Tensor& x) const;
  torch::Tensor Front(const torch::Tensor& features) const;
  torch::Tensor FeedForward(const std::string& name, const torch::Tensor& y) const;
  torch::Tensor Attention(const std::string& name, const torch::Tensor& y,
                          const torch::Tensor& chunk_end) const;
  torch::Tensor Convolution(const std::string& name, const torch::Tensor& y, int64_t rows) const;
  torch::Tensor Head(const std::string& name, const torch::Tensor& y, int64_t rows) const;

  ModelConfig config_;
  Options options_;
  std::vector<Parameter> parameters_;
  std::map<std::string, size_t> index_;
};

// Sum over clips of weight * -log p(labels), differentiable in logits. clips as CtcLoss takes them.
// Returns a float scalar on the logits' device. *skipped counts clips that cannot be aligned.
// delay_penalty: see LossOptions.
torch::Tensor CtcLossSum(const torch::Tensor& logits, const std::vector<PackedClip>& clips,
                         int64_t* skipped, double delay_penalty = 0);

// The same in LibTorch's own operations, without the delay penalty: on a GPU. Any device.
torch::Tensor PlainCtcLossSum(const torch::Tensor& logits, const std::vector<PackedClip>& clips,
                              int64_t* skipped);

}  // namespace rill::training
