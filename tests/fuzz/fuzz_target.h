// What the fuzz targets share. A target is one function of bytes that may do anything but crash,
// run without end, take memory without bound, or call Fail. libFuzzer calls it with bytes that it
// makes up (the fuzz preset), replay.cc with the corpus and its mutations (every other preset).
// Single thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <type_traits>

#include "absl/strings/string_view.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace rill {

// What must hold whatever the bytes are does not. Ends the process.
[[noreturn]] void Fail(const char* what);
inline void Expect(bool holds, const char* what) {
  if (!holds) Fail(what);
}

// A file of nothing but memory, for what can only be read by its path.
class MemoryFile {
 public:
  MemoryFile();
  ~MemoryFile();
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  void Write(absl::string_view content);  // instead of what was in it
  const std::string& path() const { return path_; }

 private:
  int fd_;
  std::string path_;
};

// Takes decisions from the front of an input.
class InputReader {
 public:
  InputReader(const uint8_t* data, size_t size)
      : rest_(reinterpret_cast<const char*>(data), size) {}

  // Zero when the input is used up.
  template <typename T>
  T Take() {
    static_assert(std::is_arithmetic_v<T>);
    T value{};
    const absl::string_view bytes = TakeBytes(sizeof(T));
    std::copy(bytes.begin(), bytes.end(), reinterpret_cast<char*>(&value));
    return value;
  }
  uint8_t Byte() { return Take<uint8_t>(); }
  int Below(int count) { return Byte() % count; }

  absl::string_view TakeBytes(size_t count) {
    const absl::string_view bytes = rest_.substr(0, count);
    rest_.remove_prefix(bytes.size());
    return bytes;
  }
  absl::string_view rest() const { return rest_; }
  bool empty() const { return rest_.empty(); }

 private:
  absl::string_view rest_;
};

}  // namespace rill
