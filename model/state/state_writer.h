// Writes the state of a stream, field by field: integers and floats in the machine's own
// little-endian form, counts before what they count. StateReader reads them back in the same order.
// One object, one thread at a time.
#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace rill {

static_assert(std::endian::native == std::endian::little);

class StateWriter {
 public:
  template <typename T>
  void Write(T value) {
    static_assert(std::is_arithmetic_v<T> || std::is_enum_v<T>);
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof(T));
  }

  // The count, then the values.
  template <typename T>
  void WriteAll(absl::Span<const T> values) {
    static_assert(std::is_arithmetic_v<T>);
    Write<uint64_t>(values.size());
    bytes_.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T));
  }
  void WriteString(absl::string_view text) {
    WriteAll<char>(absl::MakeConstSpan(text.data(), text.size()));
  }

  std::string Take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

}  // namespace rill
