// Scalar quantisation to a byte: at most 256 values stand for all. Chosen by Lloyd's algorithm
// (S. P. Lloyd, "Least squares quantization in PCM", 1982) from equally filled bins; exact when
// there are no more different values than codes. Immutable; any thread.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace rill {

inline constexpr int kCodes = 256;

class Codebook {
 public:
  // For `values`, all finite. `keep_zero`: code 0 stands for exactly 0.
  Codebook(std::vector<float> values, bool keep_zero);

  uint8_t Encode(float value) const;  // the nearest one; the lower of two
  const std::array<float, kCodes>& values() const { return values_; }

 private:
  std::array<float, kCodes> values_{};
  std::vector<float> sorted_;  // the trained ones, rising
  const int first_;            // their first code
  const bool keep_zero_;
};

}  // namespace rill
