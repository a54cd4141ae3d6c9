// The paper's copy task (section 4.1.1): a sequence is a random string, a separator, the string
// again; the network must say the second half. As in the authors' code the string is a quarter to
// half of the longest sequence long, and the loss is that of the second string and its end.
//
// Pure functions; any thread.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace rill::paper {

struct CopyOptions {
  int64_t length = 128;  // longest sequence
  int64_t symbols = 10;  // besides the separator, which is 0 and fills up shorter sequences
};

struct CopyBatch {
  at::Tensor inputs;   // [batch, length] int64
  at::Tensor targets;  // [batch, length] int64: the input that comes next
  at::Tensor counts;   // [batch, length] float: 1 where the target can be known, else 0
};

// Batch `number` of the sequence that `seed` names.
CopyBatch MakeCopyBatch(const CopyOptions& options, int64_t batch, uint64_t seed, uint64_t number);

// Of logits [batch, length, symbols + 1]: mean cross-entropy in nats, and the share of symbols
// whose most likely guess is right, over the positions that count.
at::Tensor CopyLoss(const at::Tensor& logits, const CopyBatch& batch);
double CopyAccuracy(const at::Tensor& logits, const CopyBatch& batch);

}  // namespace rill::paper
