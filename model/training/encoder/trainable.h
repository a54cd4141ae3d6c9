// What the trainer asks of a model: parameters, a loss with gradients, and outputs for evaluation.
// EncoderTrainable is the one; tests use smaller ones.
//
// Thread rule: one thread at a time for each replica; replicas may run at the same time.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "model/training/data/batch.h"
#include "model/training/encoder/encoder_module.h"

namespace rill::training {

// Sums over a batch's clips, not divided by anything.
struct BatchLoss {
  double top = 0;           // nats, of the last layer's CTC, of the phones if it hears phones
  double letters = 0;       // nats, of its tokens' CTC then; 0 if it hears no phones
  double intermediate = 0;  // nats, of the CTC in the middle; 0 if there is none
  double crf = 0;           // nats, of the last layer's CTC-CRF; 0 if there is none
  double mwer = 0;          // word errors to be expected; 0 if they are not looked at
  double words = 0;         // of the clips whose word errors these are, each times its weight
  double consistency = 0;   // nats, between two views of the clips; 0 if there is one
  double teacher = 0;       // nats, of a teacher's codes; 0 if there are none
  int64_t skipped = 0;      // clips with fewer frames than their labels need
};

class Trainable {
 public:
  virtual ~Trainable() = default;

  virtual std::vector<Parameter>& parameters() = 0;
  // Shares the parameters' memory, has gradients of its own.
  virtual std::unique_ptr<Trainable> Replicate() const = 0;

  // Adds the gradients of the batch's summed loss to the parameters' gradients.
  virtual BatchLoss Backward(const Batch& batch) = 0;

  // [rows, frames, outputs] logits, float, on the CPU, without gradients.
  virtual torch::Tensor Logits(const Batch& batch) = 0;
};

}  // namespace rill::training
