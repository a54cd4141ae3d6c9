// An array of unsigned integers of 1 to 4 bytes each, little-endian, in memory that goes on for at
// least 3 bytes after the last. A view: immutable; any thread. And floats of any alignment.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

namespace rill {

static_assert(std::endian::native == std::endian::little, "the file's numbers are read in place");

// Bytes that hold 0..max.
constexpr int WidthFor(uint64_t max) {
  int width = 1;
  while (width < 4 && (max >> (8 * width)) != 0) ++width;
  return width;
}

class PackedInts {
 public:
  PackedInts() = default;
  PackedInts(const uint8_t* data, int width)
      : data_(data), width_(width), mask_(static_cast<uint32_t>((uint64_t{1} << 8 * width) - 1)) {}

  uint32_t operator[](uint64_t index) const {
    uint32_t value;
    std::memcpy(&value, data_ + index * width_, sizeof(value));
    return value & mask_;
  }

 private:
  const uint8_t* data_ = nullptr;
  uint64_t width_ = 0;
  uint32_t mask_ = 0;
};

inline float FloatAt(const uint8_t* floats, uint64_t index) {
  float value;
  std::memcpy(&value, floats + sizeof(float) * index, sizeof(value));
  return value;
}

inline void StorePacked(uint8_t* data, int width, uint64_t index, uint32_t value) {
  std::memcpy(data + index * width, &value, width);
}

}  // namespace rill
