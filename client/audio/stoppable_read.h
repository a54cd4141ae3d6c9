// Bytes from a file descriptor at which nothing may come for long. Any thread.
#pragma once

#include <atomic>
#include <cstddef>
#include <string>

#include "absl/status/statusor.h"

namespace rill::client {

// Up to `limit` bytes, at least one; waits for them. Empty: the input is over, or `stop` was set,
// which is seen within a tenth of a second. Unknown says why the input cannot be read.
absl::StatusOr<std::string> StoppableRead(int fd, size_t limit, const std::atomic<bool>& stop);

}  // namespace rill::client
