// What matrix products of inference are computed in.
#pragma once

namespace rill::kernels {

enum class MatmulPrecision {
  kAuto,  // as whoever takes it says: PackedLinear, EncoderOptions
  kFloat,
  kBFloat16,  // inputs and weights rounded, sums in float
  kInt8,      // inputs and weights in 8 bits, a factor for each row of both; exact sums
};

// For people: "float", "bf16", "int8", "auto".
inline const char* Name(MatmulPrecision precision) {
  switch (precision) {
    case MatmulPrecision::kFloat:
      return "float";
    case MatmulPrecision::kBFloat16:
      return "bf16";
    case MatmulPrecision::kInt8:
      return "int8";
    default:
      return "auto";
  }
}

}  // namespace rill::kernels
