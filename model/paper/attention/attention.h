// An attention of the paper's experiments: what stands between a layer's projections. Queries, keys
// and values of whole sequences in, weighted values out; and, if it has one, the same a position at
// a time, with a memory of what came before.
//
// Katharopoulos et al., "Transformers are RNNs" (ICML 2020). Thread rule: const calls from any
// thread; a memory from one thread at a time. Shapes are checked by LibTorch, whose errors are
// exceptions (c10::Error); the commands turn them into a Status.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>

namespace rill::paper {

struct AttentionInput {
  at::Tensor q, k, v;  // [batch, heads, positions, width] float, on the CPU
  bool causal = true;  // position i sees j <= i only
  at::Tensor lengths;  // [batch] int64: positions from here on are padding; undefined: none
  uint64_t seed = 0;   // of what the attention draws at random
};

struct MemoryShape {
  int64_t batch;
  int64_t heads;
  int64_t width;      // of a head
  int64_t positions;  // at most
};

// What generation carries from position to position, for a batch of sequences in step.
class AttentionMemory {
 public:
  virtual ~AttentionMemory() = default;

  // q, k, v: [batch, heads, width], of the next position. Returns the same shape. No gradients.
  virtual at::Tensor Step(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v) = 0;

  // As if `positions` zeros had been seen: for timing a late step without the steps before.
  virtual void Skip(int64_t positions) = 0;

  // Of one sequence, after `positions` steps.
  virtual int64_t BytesAfter(int64_t positions) const = 0;
};

class Attention {
 public:
  virtual ~Attention() = default;

  virtual at::Tensor Forward(const AttentionInput& in) const = 0;

  // One projection for queries and keys: Forward does not look at k.
  virtual bool shares_keys() const { return false; }

  // Null: it has none, and generation computes the whole prefix again for every position.
  virtual std::unique_ptr<AttentionMemory> NewMemory(const MemoryShape& shape) const {
    return nullptr;
  }
};

}  // namespace rill::paper
