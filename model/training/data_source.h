// Where batches come from. Implemented by the packing loader; tests use a fixed list.
// Thread rule: Next() may be called by several replica threads at the same time.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "model/training/batch.h"

namespace rill::training {

class BatchSource {
 public:
  virtual ~BatchSource() = default;

  // The next batch, made ahead by worker threads. Endless: passes over the data follow each other.
  virtual absl::StatusOr<Batch> Next() = 0;

  // Position for an exact resume: JSON. Of the batches handed out so far, not of those made ahead.
  virtual std::string SaveState() const = 0;
  virtual absl::Status LoadState(const std::string& state) = 0;
};

}  // namespace rill::training
