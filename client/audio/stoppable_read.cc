#include "client/audio/stoppable_read.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace rill::client {
namespace {

constexpr int kPollMs = 100;

}  // namespace

absl::StatusOr<std::string> StoppableRead(int fd, size_t limit, const std::atomic<bool>& stop) {
  std::string bytes(limit, '\0');
  while (!stop) {
    pollfd ready{fd, POLLIN, 0};
    const int events = poll(&ready, 1, kPollMs);
    if (events == 0 || (events < 0 && errno == EINTR)) continue;
    const ssize_t count = events < 0 ? -1 : read(fd, bytes.data(), bytes.size());
    if (count < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (count < 0) return absl::UnknownError(std::strerror(errno));
    bytes.resize(count);
    return bytes;
  }
  return std::string();
}

}  // namespace rill::client
