// How fast images are drawn, by attention, size and batch: the paper's tables 1, 2, 4 and 5. The
// networks are of the paper's sizes with their first, random weights: time does not depend on them.
//
// The time of an image is the integral of the time of a pixel over the image. Pixels are timed at
// some positions evenly spread and the times between are taken as lying on a line, which they do
// but for noise: a pixel costs a constant (linear), or a constant and a part that grows with the
// prefix.
//
// Thread rule: one thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "model/paper/network/transformer.h"
#include "model/paper/run/clock.h"
#include "model/paper/run/result_file.h"

namespace rill::paper {

struct ImageSize {
  std::string name;  // mnist, cifar
  int64_t pixels;
  int64_t layers;
  int64_t lsh_chunk;  // as in the paper's section 4.2

  // mnist: 784 steps, 8 layers; cifar: 3,072 steps, 16 layers; tiny: for tests. InvalidArgument
  // naming the size.
  static absl::StatusOr<ImageSize> Named(const std::string& name);
};

struct SpeedOptions {
  std::vector<std::string> sizes = {"mnist", "cifar"};
  std::vector<std::string> attentions = {"softmax", "softmax-cached", "lsh-1", "lsh-4", "linear"};
  std::vector<int64_t> batches = {1, 8, 64};
  int64_t heads = 8;
  int64_t width = 256;
  int64_t timed_pixels = 5;  // positions; 0: every pixel
  double most_seconds = 60;  // CPU, for the pixels timed of one batch; judged by the smaller one
  double memory_gb = 4;      // of states
};

// A line of results for every size, attention and batch that has none yet. Cancelled if a signal
// asked to stop.
absl::Status MeasureGeneration(const SpeedOptions& options, ResultFile& results);

// Of one batch of images: timed pixels and the lines between.
Clock TimeOfImages(const Transformer& network, int64_t batch, int64_t pixels, int64_t timed_pixels);

}  // namespace rill::paper
