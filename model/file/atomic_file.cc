#include "model/file/atomic_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <utility>

#include "absl/strings/str_cat.h"

namespace rill {

AtomicFile::AtomicFile(std::string path) : path_(std::move(path)), temporary_(path_ + ".XXXXXX") {}

AtomicFile::~AtomicFile() {
  if (fd_ < 0) return;
  close(fd_);
  unlink(temporary_.c_str());
}

absl::Status AtomicFile::Open() {
  fd_ = mkstemp(temporary_.data());
  if (fd_ < 0) return Error("cannot create");
  // mkstemp makes the file private; a model is for whoever runs the server.
  if (fchmod(fd_, 0644) != 0) return Error("cannot set the mode of");
  return absl::OkStatus();
}

absl::Status AtomicFile::Write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = write(fd_, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return Error("cannot write");
    bytes.remove_prefix(static_cast<size_t>(n));
  }
  return absl::OkStatus();
}

absl::Status AtomicFile::Commit() {
  if (fsync(fd_) != 0) return Error("cannot write");
  if (rename(temporary_.c_str(), path_.c_str()) != 0) return Error("cannot rename");
  close(fd_);
  fd_ = -1;
  // The rename itself lasts only once the folder is on disk.
  const std::string folder = std::filesystem::path(path_).parent_path().string();
  const int folder_fd = open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY);
  if (folder_fd >= 0) {
    fsync(folder_fd);
    close(folder_fd);
  }
  return absl::OkStatus();
}

absl::Status AtomicFile::Error(const char* what) const {
  return absl::ErrnoToStatus(errno, absl::StrCat(what, " ", temporary_));
}

}  // namespace rill
