#include "model/paper/copy/copy_task.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "model/training/data/random.h"

namespace rill::paper {

using at::Tensor;

CopyBatch MakeCopyBatch(const CopyOptions& options, int64_t batch, uint64_t seed, uint64_t number) {
  training::Random random({seed, number});
  const int64_t length = options.length;
  const int64_t shortest = std::max<int64_t>(1, length / 4);
  const int64_t longest = std::max(shortest, (length - 1) / 2 - 1);
  Tensor row = at::zeros({batch, length + 1}, at::kLong);
  Tensor counts = at::zeros({batch, length});
  for (int64_t b = 0; b < batch; ++b) {
    const int64_t n = shortest + random.Below(longest - shortest + 1);
    int64_t* symbols = row.data_ptr<int64_t>() + b * (length + 1);
    for (int64_t i = 0; i < n; ++i) {
      symbols[i] = symbols[n + 1 + i] = 1 + random.Below(options.symbols);
    }
    // The separator's own place is not known; the string after it and its end are.
    counts[b].narrow(0, n, n + 1).fill_(1);
  }
  return {row.narrow(1, 0, length), row.narrow(1, 1, length), counts};
}

Tensor CopyLoss(const Tensor& logits, const CopyBatch& batch) {
  const Tensor losses = -logits.log_softmax(2).gather(2, batch.targets.unsqueeze(2)).squeeze(2);
  return (losses * batch.counts).sum() / batch.counts.sum();
}

double CopyAccuracy(const Tensor& logits, const CopyBatch& batch) {
  const Tensor right = logits.argmax(2).eq(batch.targets).to(at::kFloat);
  return ((right * batch.counts).sum() / batch.counts.sum()).item<double>();
}

}  // namespace rill::paper
