// Reads what StateWriter wrote, trusting nothing: every count has a limit, and whoever reads a
// field checks its range with Require. The first error stays; after it every Read gives 0 or
// nothing, so that a loader may read on and look at status() where it is convenient, but before it
// uses what it has read. One object, one thread at a time.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <type_traits>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace rill {

class StateReader {
 public:
  // `bytes` must outlive the reader.
  explicit StateReader(absl::string_view bytes) : rest_(bytes) {}

  template <typename T>
  T Read() {
    static_assert(std::is_arithmetic_v<T> && !std::is_same_v<T, bool>);
    T value{};
    const absl::string_view bytes = Next(sizeof(T));
    if (!bytes.empty()) std::memcpy(&value, bytes.data(), sizeof(T));
    return value;
  }
  bool ReadBool() { return Read<uint8_t>() != 0; }

  // Something from `min` to `max`; never a NaN. `min` after an error.
  template <typename T>
  T ReadIn(T min, T max, absl::string_view field) {
    const T value = Read<T>();
    return Require(value >= min && value <= max, field) ? value : min;
  }
  // One of the enumerators from the first, which is 0, to `last`.
  template <typename Enum>
  Enum ReadEnum(Enum last, absl::string_view field) {
    using Number = std::underlying_type_t<Enum>;
    return static_cast<Enum>(ReadIn<Number>(0, static_cast<Number>(last), field));
  }
  // Samples since the stream began: some 18,000 years at most, so that sums do not overflow.
  int64_t ReadTime() { return ReadIn<int64_t>(0, int64_t{1} << 53, "time"); }

  // A number of things to come: at most `max`.
  size_t ReadCount(size_t max, absl::string_view field) { return ReadIn<uint64_t>(0, max, field); }

  template <typename T>
  std::vector<T> ReadAll(size_t max, absl::string_view field) {
    const size_t count = ReadCount(max, field);
    const absl::string_view bytes = Next(count * sizeof(T));
    std::vector<T> values(bytes.size() / sizeof(T));
    if (!bytes.empty()) std::memcpy(values.data(), bytes.data(), bytes.size());
    return values;
  }
  std::string ReadString(size_t max, absl::string_view field) {
    return std::string(Next(ReadCount(max, field)));
  }

  // InvalidArgument naming the field unless `holds`. Returns whether all is well so far.
  bool Require(bool holds, absl::string_view field) {
    if (!holds) Fail(absl::StrCat("state: ", field, " is out of range"));
    return status_.ok();
  }
  void RequireEnd() {
    if (!rest_.empty()) Fail(absl::StrCat("state: has ", rest_.size(), " bytes too many"));
  }

  bool ok() const { return status_.ok(); }
  const absl::Status& status() const { return status_; }

 private:
  // The next bytes; none after an error.
  absl::string_view Next(size_t count) {
    if (count > rest_.size()) Fail("state: ends too early");
    if (!status_.ok()) return {};
    const absl::string_view bytes = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return bytes;
  }
  void Fail(absl::string_view message) {
    if (status_.ok()) status_ = absl::InvalidArgumentError(message);
  }

  absl::string_view rest_;
  absl::Status status_;
};

}  // namespace rill
