// The plain transformer of the paper's experiments, with an attention chosen by name: layers
//   x = norm(x + attention(x)),  x = norm(x + down(relu(up(x)))),
// a last norm and a projection. An input is the embedding of its id (or a projection of its
// features) beside a sinusoidal code of its position, half the width each, as in the authors' code
// for copying and for images. No dropout.
//
// Thread rule: Forward from any thread; Step with one DecodingState from one thread at a time.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "model/paper/attention/registry.h"
#include "model/paper/network/network.h"

namespace rill::paper {

struct TransformerConfig {
  std::string attention = "linear";  // registry.h
  LshOptions lsh;
  bool causal = true;
  int64_t layers = 8;
  int64_t heads = 8;
  int64_t width = 256;     // heads divide it, and 4 does
  int64_t vocabulary = 0;  // inputs are ids below it; 0: vectors of `features`
  int64_t features = 0;
  int64_t positions = 0;  // longest sequence
  int64_t outputs = 0;
  uint64_t seed = 1;  // of the first weights
};

// What generation carries for a batch of sequences in step.
struct DecodingState {
  std::vector<std::unique_ptr<AttentionMemory>> layers;
  int64_t position = 0;

  void Skip(int64_t positions);
};

class Transformer : public Network {
 public:
  // InvalidArgument naming the field.
  static absl::StatusOr<std::unique_ptr<Transformer>> Create(const TransformerConfig& config);

  const Parameters& parameters() const override { return parameters_; }
  const TransformerConfig& config() const { return config_; }
  at::Tensor Forward(const at::Tensor& inputs, const at::Tensor& lengths,
                     uint64_t seed) const override;

  // Null if the attention has no memory.
  std::unique_ptr<DecodingState> NewState(int64_t batch) const;
  // ids: [batch], the next inputs. Returns [batch, outputs]. No gradients.
  at::Tensor Step(const at::Tensor& ids, DecodingState& state) const;

 private:
  struct Layer {
    Dense queries, keys, values, out, up, down;  // keys: undefined if the attention shares them
    Norm after_attention, after_feed_forward;
  };

  Transformer(const TransformerConfig& config, std::shared_ptr<const Attention> attention);
  at::Tensor Embed(const at::Tensor& inputs, int64_t first) const;
  at::Tensor FeedForward(const Layer& layer, const at::Tensor& x) const;

  const TransformerConfig config_;
  const std::shared_ptr<const Attention> attention_;
  Parameters parameters_;
  at::Tensor positions_;  // [positions, width / 2]
  at::Tensor embedding_;  // [vocabulary, width / 2]
  Dense features_;
  std::vector<Layer> layers_;
  Norm last_norm_;
  Dense head_;
};

}  // namespace rill::paper
