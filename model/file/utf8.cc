#include "model/file/utf8.h"

#include <cstddef>
#include <cstdint>

namespace rill {

bool IsValidUtf8(const std::string& text) {
  size_t i = 0;
  const auto byte = [&text](size_t at) { return static_cast<uint8_t>(text[at]); };
  while (i < text.size()) {
    const uint8_t lead = byte(i);
    int more;
    // The second byte's range excludes overlong forms, surrogates and what lies beyond U+10FFFF.
    uint8_t low = 0x80, high = 0xBF;
    if (lead < 0x80) {
      more = 0;
    } else if (lead >= 0xC2 && lead <= 0xDF) {
      more = 1;
    } else if (lead >= 0xE0 && lead <= 0xEF) {
      more = 2;
      if (lead == 0xE0) low = 0xA0;
      if (lead == 0xED) high = 0x9F;
    } else if (lead >= 0xF0 && lead <= 0xF4) {
      more = 3;
      if (lead == 0xF0) low = 0x90;
      if (lead == 0xF4) high = 0x8F;
    } else {
      return false;
    }
    for (int k = 1; k <= more; ++k) {
      if (i + k >= text.size() || byte(i + k) < low || byte(i + k) > high) return false;
      low = 0x80, high = 0xBF;
    }
    i += 1 + more;
  }
  return true;
}

}  // namespace rill
