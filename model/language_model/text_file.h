// The lines of a text file, plain or gzipped (told by its first bytes). Memory is bounded by
// kMaxLineBytes. Used by one thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

struct gzFile_s;

namespace rill {

inline constexpr size_t kMaxLineBytes = 64 << 10;

class TextFile {
 public:
  // The system's error, or InvalidArgument if the path is not a regular file.
  static absl::StatusOr<std::unique_ptr<TextFile>> Open(const std::string& path);
  ~TextFile();
  TextFile(const TextFile&) = delete;
  TextFile& operator=(const TextFile&) = delete;

  // The next line, without its end ("\n" or "\r\n"), until the next call; false at the end of the
  // file. InvalidArgument if the gzip data are damaged or cut, or the line is too long.
  absl::StatusOr<bool> Next(std::string_view* line);

  // "FILE:LINE: problem", the line being the one just read.
  absl::Status ErrorHere(absl::string_view problem) const;
  double done() const;  // 0..1 of the file's bytes

 private:
  TextFile(std::string path, gzFile_s* file, uint64_t bytes);

  absl::Status Fill();  // more of the file into buffer_

  const std::string path_;
  gzFile_s* const file_;
  const uint64_t bytes_;
  std::vector<char> buffer_;
  size_t begin_ = 0, end_ = 0;  // what of buffer_ has not been given yet
  bool at_end_ = false;         // of the file
  int64_t line_ = 0;
};

// The parts of a line between blanks and tabs.
void SplitFields(std::string_view line, std::vector<std::string_view>* fields);
// For a message: long fields are shortened, and what is not printable is not printed.
std::string Quote(std::string_view field);

}  // namespace rill
