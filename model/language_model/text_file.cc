#include "model/language_model/text_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"

namespace rill {
namespace {

constexpr unsigned kInputBytes = 256 << 10;

}  // namespace

absl::StatusOr<std::unique_ptr<TextFile>> TextFile::Open(const std::string& path) {
  // O_NONBLOCK: opening a pipe by mistake must not wait for a writer.
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return absl::ErrnoToStatus(errno, absl::StrCat("cannot open ", path));
  struct stat info;
  if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
    close(fd);
    return absl::InvalidArgumentError(absl::StrCat(path, ": not a regular file"));
  }
  gzFile file = gzdopen(fd, "rb");
  if (file == nullptr) {
    close(fd);
    return absl::ResourceExhaustedError(absl::StrCat(path, ": no memory to read it"));
  }
  gzbuffer(file, kInputBytes);
  return std::unique_ptr<TextFile>(new TextFile(path, file, static_cast<uint64_t>(info.st_size)));
}

TextFile::TextFile(std::string path, gzFile_s* file, uint64_t bytes)
    : path_(std::move(path)), file_(file), bytes_(bytes), buffer_(2 * kMaxLineBytes) {}

TextFile::~TextFile() { gzclose(file_); }

absl::Status TextFile::Fill() {
  std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
  end_ -= begin_;
  begin_ = 0;
  const int read =
      gzread(file_, buffer_.data() + end_, static_cast<unsigned>(buffer_.size() - end_));
  int code = Z_OK;
  const char* message = gzerror(file_, &code);
  // A gzip file that stops early is told of by the code only.
  if (read < 0 || code != Z_OK) {
    const char* problem = code == Z_BUF_ERROR ? "the gzip data stop early" : message;
    return absl::InvalidArgumentError(
        absl::StrCat(path_, ":", line_ + 1, ": cannot be read: ", problem));
  }
  at_end_ = read == 0;
  end_ += static_cast<size_t>(read);
  return absl::OkStatus();
}

absl::StatusOr<bool> TextFile::Next(std::string_view* line) {
  size_t searched = 0;
  while (true) {
    const std::string_view rest(buffer_.data() + begin_, end_ - begin_);
    size_t length = rest.find('\n', searched);
    const bool whole = length != std::string_view::npos;
    if (!whole) length = rest.size();
    if (length > kMaxLineBytes) {
      ++line_;
      return ErrorHere(absl::StrCat("the line has more than ", kMaxLineBytes, " bytes"));
    }
    if (whole || at_end_) {
      if (!whole && rest.empty()) return false;
      ++line_;
      begin_ += length + (whole ? 1 : 0);
      *line = rest.substr(0, length);
      if (!line->empty() && line->back() == '\r') line->remove_suffix(1);
      return true;
    }
    searched = rest.size();
    if (absl::Status status = Fill(); !status.ok()) return status;
  }
}

absl::Status TextFile::ErrorHere(absl::string_view problem) const {
  return absl::InvalidArgumentError(absl::StrCat(path_, ":", line_, ": ", problem));
}

double TextFile::done() const {
  const auto offset = gzoffset(file_);
  if (bytes_ == 0 || offset < 0) return 1;
  return std::min(1.0, static_cast<double>(offset) / static_cast<double>(bytes_));
}

void SplitFields(std::string_view line, std::vector<std::string_view>* fields) {
  const auto is_blank = [](char c) { return c == ' ' || c == '\t'; };
  fields->clear();
  size_t at = 0;
  while (true) {
    while (at < line.size() && is_blank(line[at])) ++at;
    if (at == line.size()) return;
    const size_t begin = at;
    while (at < line.size() && !is_blank(line[at])) ++at;
    fields->push_back(line.substr(begin, at - begin));
  }
}

std::string Quote(std::string_view field) {
  std::string quoted = "\"";
  for (const char c : field.substr(0, 40)) {
    quoted += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
  }
  return quoted + (field.size() > 40 ? "...\"" : "\"");
}

}  // namespace rill
