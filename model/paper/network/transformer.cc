#include "model/paper/network/transformer.h"

#include <ATen/ATen.h>

#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "kernels/cpu/linear_attention.h"

namespace rill::paper {
namespace {

using at::Tensor;

// Vaswani et al., "Attention is all you need" (2017), section 3.5. [positions, width].
Tensor PositionCodes(int64_t positions, int64_t width) {
  const Tensor rate = at::exp(at::arange(0, width, 2, at::kFloat) *
                              (-std::log(10000.0) / static_cast<double>(width)));
  const Tensor angle = at::outer(at::arange(positions, at::kFloat), rate);
  return at::stack({angle.sin(), angle.cos()}, 2).flatten(1);
}

absl::Status Check(const TransformerConfig& c) {
  const auto wrong = [](const char* field, int64_t value, const char* rule) {
    return absl::InvalidArgumentError(absl::StrCat(field, " ", value, ": ", rule));
  };
  if (c.layers < 1) return wrong("layers", c.layers, "must be positive");
  if (c.heads < 1) return wrong("heads", c.heads, "must be positive");
  if (c.width < 4 || c.width % 4 != 0 || c.width % c.heads != 0) {
    return wrong("width", c.width, "must be a multiple of 4 and of the heads");
  }
  if (c.attention == "linear" && c.width / c.heads > kernels::kHeadDim) {
    return wrong("width", c.width, "the kernels of linear attention take 64 for a head at most");
  }
  if (c.positions < 1) return wrong("positions", c.positions, "must be positive");
  if (c.outputs < 1) return wrong("outputs", c.outputs, "must be positive");
  if ((c.vocabulary > 0) == (c.features > 0)) {
    return wrong("vocabulary", c.vocabulary, "give this or features");
  }
  return absl::OkStatus();
}

}  // namespace

void DecodingState::Skip(int64_t positions) {
  position += positions;
  for (const auto& memory : layers) memory->Skip(position);
}

absl::StatusOr<std::unique_ptr<Transformer>> Transformer::Create(const TransformerConfig& config) {
  if (absl::Status status = Check(config); !status.ok()) return status;
  absl::StatusOr<std::shared_ptr<const Attention>> attention =
      MakeAttention(config.attention, config.lsh);
  if (!attention.ok()) return attention.status();
  return std::unique_ptr<Transformer>(new Transformer(config, *std::move(attention)));
}

Transformer::Transformer(const TransformerConfig& config,
                         std::shared_ptr<const Attention> attention)
    : config_(config),
      attention_(std::move(attention)),
      parameters_(config.seed),
      positions_(PositionCodes(config.positions, config.width / 2)) {
  const int64_t width = config.width;
  if (config.vocabulary > 0) {
    // Of variance 1, as the codes beside it have about.
    embedding_ = parameters_.Add("embedding", {config.vocabulary, width / 2}, std::sqrt(3.0));
  } else {
    features_ = parameters_.AddDense("features", config.features, width / 2);
  }
  for (int64_t n = 0; n < config.layers; ++n) {
    const std::string name = absl::StrCat("layers.", n, ".");
    Layer layer;
    layer.queries = parameters_.AddDense(name + "queries", width, width);
    if (!attention_->shares_keys()) {
      layer.keys = parameters_.AddDense(name + "keys", width, width);
    }
    layer.values = parameters_.AddDense(name + "values", width, width);
    layer.out = parameters_.AddDense(name + "out", width, width);
    layer.after_attention = parameters_.AddNorm(name + "after_attention", width);
    layer.up = parameters_.AddDense(name + "up", width, 4 * width);
    layer.down = parameters_.AddDense(name + "down", 4 * width, width);
    layer.after_feed_forward = parameters_.AddNorm(name + "after_feed_forward", width);
    layers_.push_back(std::move(layer));
  }
  last_norm_ = parameters_.AddNorm("last_norm", width);
  head_ = parameters_.AddDense("head", width, config.outputs);
}

// [batch, n, ...] at positions `first`, ... -> [batch, n, width].
Tensor Transformer::Embed(const Tensor& inputs, int64_t first) const {
  const Tensor what =
      config_.vocabulary > 0 ? at::embedding(embedding_, inputs) : features_(inputs);
  const Tensor where = positions_.narrow(0, first, inputs.size(1)).unsqueeze(0);
  return at::cat({what, where.expand_as(what)}, 2);
}

Tensor Transformer::FeedForward(const Layer& layer, const Tensor& x) const {
  return layer.after_feed_forward(x + layer.down(layer.up(x).relu()));
}

Tensor Transformer::Forward(const Tensor& inputs, const Tensor& lengths, uint64_t seed) const {
  Tensor x = Embed(inputs, 0);
  const int64_t batch = x.size(0), positions = x.size(1);
  const auto by_head = [&](const Tensor& y) {
    return y.view({batch, positions, config_.heads, -1}).transpose(1, 2);
  };
  for (size_t n = 0; n < layers_.size(); ++n) {
    const Layer& layer = layers_[n];
    AttentionInput in;
    in.q = by_head(layer.queries(x));
    in.k = attention_->shares_keys() ? in.q : by_head(layer.keys(x));
    in.v = by_head(layer.values(x));
    in.causal = config_.causal;
    in.lengths = lengths;
    in.seed = seed * layers_.size() + n;
    const Tensor seen = attention_->Forward(in).transpose(1, 2).reshape(x.sizes());
    x = FeedForward(layer, layer.after_attention(x + layer.out(seen)));
  }
  return head_(last_norm_(x));
}

std::unique_ptr<DecodingState> Transformer::NewState(int64_t batch) const {
  auto state = std::make_unique<DecodingState>();
  const MemoryShape shape{batch, config_.heads, config_.width / config_.heads, config_.positions};
  for (size_t n = 0; n < layers_.size(); ++n) {
    state->layers.push_back(attention_->NewMemory(shape));
    if (state->layers.back() == nullptr) return nullptr;
  }
  return state;
}

Tensor Transformer::Step(const Tensor& ids, DecodingState& state) const {
  const at::NoGradGuard no_grad;
  Tensor x = Embed(ids.unsqueeze(1), state.position++).squeeze(1);
  const auto by_head = [&](const Tensor& y) { return y.view({y.size(0), config_.heads, -1}); };
  for (size_t n = 0; n < layers_.size(); ++n) {
    const Layer& layer = layers_[n];
    const Tensor seen = state.layers[n]->Step(by_head(layer.queries(x)), by_head(layer.keys(x)),
                                              by_head(layer.values(x)));
    x = FeedForward(layer, layer.after_attention(x + layer.out(seen.reshape(x.sizes()))));
  }
  return head_(last_norm_(x));
}

}  // namespace rill::paper
