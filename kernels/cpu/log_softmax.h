// y = x - log(sum(exp(x))) for each row: logits to log-probabilities. Pure function; any thread.
#pragma once

#include <cstdint>

namespace rill::kernels {

// x, y: the first `width` columns of [rows, stride]; y may be x.
void LogSoftmax(int64_t rows, int64_t width, int64_t stride, const float* x, float* y);

}  // namespace rill::kernels
