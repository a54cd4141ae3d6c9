// Where batches come from. Implemented by the packing loader; tests use a fixed list.
//
// Batch number i is a pure function of the data, the options and i: a run resumes exactly from a
// step number alone, whatever was made ahead.
//
// Thread rule: Get() may be called by several replica threads at the same time.
#pragma once

#include <cstdint>

#include "absl/status/statusor.h"
#include "model/training/data/batch.h"

namespace rill::training {

class BatchSource {
 public:
  virtual ~BatchSource() = default;

  // Batch `index`, made ahead by worker threads if indices are asked for in about rising order.
  virtual absl::StatusOr<Batch> Get(int64_t index) = 0;

  // How many batches one pass over the data has, about.
  virtual int64_t batches_per_pass() const = 0;
};

}  // namespace rill::training
