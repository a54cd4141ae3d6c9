// UTF-8 (Unicode 15, table 3-7). Pure functions; any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace rill {

// Bytes of the first character of `text`, which is not empty; never more than text.size(), whatever
// the bytes.
inline size_t Utf8CharacterSize(std::string_view text) {
  size_t size = 1;
  while (size < text.size() && size < 4 &&
         (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80) {
    ++size;
  }
  return size;
}

// Whether a string is well-formed.
bool IsValidUtf8(const std::string& text);

}  // namespace rill
