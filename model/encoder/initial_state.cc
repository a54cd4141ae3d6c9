#include "model/encoder/initial_state.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "kernels/cpu/recurrent_attention.h"

namespace rill {

std::vector<float> InitialState(const ModelFile& file, const StateLayout& layout) {
  std::vector<float> state(static_cast<size_t>(layout.total), 0.0f);
  for (int layer = 0; layer < file.config().blocks; ++layer) {
    const std::vector<float> sinks = file.Tensor(absl::StrCat("blocks.", layer, ".attention.sink"));
    for (size_t i = 0; i < sinks.size(); ++i) {
      const int64_t head = static_cast<int64_t>(i) / kernels::kHeadDim;
      const int64_t z = layout.attention(layer) + head * kernels::kHeadStateFloats +
                        kernels::kHeadDim * kernels::kHeadDim;
      // softplus, without overflow
      const double sink = sinks[i];
      state[z + static_cast<int64_t>(i) % kernels::kHeadDim] =
          static_cast<float>(std::max(sink, 0.0) + std::log1p(std::exp(-std::abs(sink))));
    }
  }
  return state;
}

}  // namespace rill
