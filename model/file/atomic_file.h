// A file written beside its destination and renamed over it when complete: whoever opens the path
// sees the old file or the whole new one. Used by one thread at a time. Errors are the system's and
// name the file.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace rill {

class AtomicFile {
 public:
  explicit AtomicFile(std::string path);
  ~AtomicFile();  // without Commit nothing is left
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  absl::Status Open();
  absl::Status Write(std::string_view bytes);
  absl::Status Commit();  // on disk when it returns

 private:
  absl::Status Error(const char* what) const;

  const std::string path_;
  std::string temporary_;
  int fd_ = -1;
};

}  // namespace rill
