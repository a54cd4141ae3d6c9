// Holds a run's folder for this process, so that two trainers never write into one. Released when
// the process ends, however it ends.
//
// Thread rule: one thread.
#pragma once

#include <string>

#include "absl/status/statusor.h"

namespace rill::training {

class FolderLock {
 public:
  // Makes the folder if it is missing. FailedPrecondition if another process holds it.
  static absl::StatusOr<FolderLock> Take(const std::string& folder);
  ~FolderLock();
  FolderLock(FolderLock&& other) noexcept;
  FolderLock& operator=(FolderLock&&) = delete;

 private:
  explicit FolderLock(int file) : file_(file) {}
  int file_;
};

}  // namespace rill::training
