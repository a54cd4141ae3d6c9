// Trains generators of images by likelihood, one an attention, for the same updates on the same
// images; then lets each complete the lower halves of images it has not seen (the paper's section
// 4.2, on Fashion-MNIST in place of MNIST).
//
// Thread rule: one thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "model/paper/generate/image_set.h"
#include "model/paper/network/transformer.h"
#include "model/paper/run/run_folder.h"
#include "model/paper/run/training.h"

namespace rill::paper {

struct ImageTrainingOptions {
  std::vector<std::string> attentions = {"softmax", "lsh-1", "lsh-4", "linear"};
  TransformerConfig network;  // layers, heads, width, lsh, seed; the rest is filled in
  TrainingPlan plan;          // updates, rates, clip; likewise
  int64_t batch = 16;
  int64_t test_images = 500;
  int64_t completed_images = 8;
};

// Cancelled if a signal asked to stop.
absl::Status TrainOnImages(const ImageTrainingOptions& options, const ImageSet& train,
                           const ImageSet& test, RunFolder& folder);

}  // namespace rill::paper
