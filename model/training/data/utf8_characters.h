// Steps through UTF-8 text. Pure function; any thread.
#pragma once

#include <cstddef>
#include <string_view>

namespace rill::training {

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

}  // namespace rill::training
