#include "kernels/cpu/quantize_rows.h"
#include "kernels/cpu/vector_math.h"

namespace rill::kernels::RILL_SIMD {

void QuantizeRow(int64_t n, const float* row, int8_t* to, float* factor) {
  // As integers, which are in the order of the sizes, and infinities and NaNs above them all.
  IntVec largest = {};
  ForEachVec(n, [&](int64_t i, auto lanes) {
    const IntVec size = Bits(Load(row + i, lanes)) & 0x7FFFFFFF;
    largest = size > largest ? size : largest;
  });
  int32_t most = 0;
  for (int i = 0; i < kLanes; ++i) most = largest[i] > most ? largest[i] : most;
  const float size = FromBits(most);
  *factor = size / 127.0f;
  const float inverse = size > 0 ? 127.0f / size : 0.0f;
  ForEachVec(n,
             [&](int64_t i, auto lanes) { Store(Load(row + i, lanes) * inverse, to + i, lanes); });
}

void ScaleRow(int64_t n, float factor, const float* factors, const float* bias, float* row) {
  ForEachVec(n, [&](int64_t i, auto lanes) {
    const Vec scaled = Load(row + i, lanes) * (Load(factors + i, lanes) * factor);
    Store(bias != nullptr ? scaled + Load(bias + i, lanes) : scaled, row + i, lanes);
  });
}

}  // namespace rill::kernels::RILL_SIMD
