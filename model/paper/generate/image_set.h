// Grey images of the IDX format (gzipped or not), as MNIST and Fashion-MNIST come. A plain value;
// any thread.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"

namespace rill::paper {

struct ImageSet {
  at::Tensor pixels;  // [images, rows * columns] uint8, row by row
  int64_t rows = 0;
  int64_t columns = 0;
};

// `shrink`: each pixel is the mean of a square so wide, which must divide both sides. NotFound or
// InvalidArgument naming the file.
absl::StatusOr<ImageSet> ReadImages(const std::string& path, int64_t shrink);

}  // namespace rill::paper
