// The tensors of a model file: names and shapes, in one place for the trainer that writes them and
// the encoder that reads them. See docs/models.md.
//
// With d = width, f = ffn_width, H = heads, K = conv_kernel, V = tokens and phones, c1, c2 = the
// front's channels, m = mel bins:
//   features.mean, features.inv_std            [m]          global statistics
//   front.conv1.weight [c1, 1, 3, 3], .bias [c1]            stride 2; padding: 1 before in time, 1
//   on both sides in mel; ReLU after front.conv2.weight [c2, c1, 3, 3], .bias [c2] likewise
//   front.proj.weight [d, c2 * front_bins], .bias [d]       input order: channel-major, then mel
//   blocks.N.ffn1.norm [d], .up.weight [f, d], .down.weight [d, f]
//   blocks.N.attention.norm [d]
//   blocks.N.attention.qkvg.weight [4 * H * 64, d]          query, key, value, gate (paper: [3 * H
//   * 64, d]) blocks.N.attention.decay.weight [H, d], .bias [H]       (not in paper mode)
//   blocks.N.attention.q_scale, .k_scale [H, 64]            (not in paper mode)
//   blocks.N.attention.sink [H, 64]                         z0 = softplus(sink) (not in paper mode)
//   blocks.N.attention.merge_norm [H * 64]                  (not in paper mode)
//   blocks.N.attention.out.weight [d, H * 64]
//   blocks.N.conv.norm [d], .up.weight [2 * d, d], .depthwise [d, K], .mid_norm [d], .down.weight
//   [d, d] blocks.N.ffn2.norm [d], .up.weight [f, d], .down.weight [d, f] final_norm [d]
//   head.weight [V, d], .bias [V]
// A block: x += 1/2 FFN1(x); x += Attention(x); x += Conv(x); x += 1/2 FFN2(x), each branch after
// its own RMSNorm:
//   FFN(x) = down SiLU(up norm(x))
//   Attention(x): see kernels/cpu/attention_heads.h; log_decay = logsigmoid(W norm(x) + b) -
//   kMinForget Conv(x) = down SiLU(mid_norm(depthwise(GLU(up norm(x)))))
// Log-probabilities: log_softmax(head final_norm(x)), over the tokens and over the phones.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/file/model_config.h"

namespace rill {

// Taken from every log-decay: caps a head's memory at 60 s (1,500 frames).
inline constexpr float kMinForget = 1.0f / 1500.0f;

struct TensorSpec {
  std::string name;
  std::vector<int64_t> shape;
  bool matrix = false;  // a large product's weight: in a smaller type in the file, bf16 where the
                        // processor has it
};

// Every tensor a model of this configuration must have, in file order.
std::vector<TensorSpec> ModelTensors(const ModelConfig& config);

// Numbers in all of them together.
int64_t ParameterCount(const ModelConfig& config);

}  // namespace rill
