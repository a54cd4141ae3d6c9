// The checkpoints of a run: checkpoint-NNNNNN.safetensors in one folder, numbered as they were
// written. Keeps the last two, and every Nth for ever.
//
// Thread rule: one thread, and one process (the folder is not locked here).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "model/training/run/checkpoint.h"

namespace rill::training {

class CheckpointFolder {
 public:
  // keep_every: 0 keeps the last two only.
  CheckpointFolder(std::string folder, int64_t keep_every);

  // Makes the folder if it is missing. Returns the path of the file.
  absl::StatusOr<std::string> Save(const Checkpoint& checkpoint);

  // The newest whole checkpoint; nullopt if there is none at all. Damaged ones are passed over, and
  // described in `notes`; DataLoss if all are damaged.
  absl::StatusOr<std::optional<Checkpoint>> LoadNewest(std::vector<std::string>* notes) const;

  // Path by number, ascending.
  std::map<int64_t, std::string> List() const;

 private:
  std::string folder_;
  int64_t keep_every_;
};

}  // namespace rill::training
