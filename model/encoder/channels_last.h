// The file's convolution weights have channels first, the kernels want them last. Pure function;
// any thread.
#pragma once

#include <cstddef>
#include <vector>

namespace rill {

// [outer, a, b] -> [outer, b, a].
inline std::vector<float> SwapInner(const std::vector<float>& values, size_t a, size_t b) {
  std::vector<float> swapped(values.size());
  for (size_t at = 0; at < values.size(); at += a * b) {
    for (size_t i = 0; i < a; ++i) {
      for (size_t j = 0; j < b; ++j) swapped[at + j * a + i] = values[at + i * b + j];
    }
  }
  return swapped;
}

}  // namespace rill
