// Mean and inverse deviation of every mel bin over a training set; a model file carries them as
// features.mean and features.inv_std. A plain value; any thread.
#pragma once

#include <vector>

namespace rill::training {

struct FeatureStatistics {
  std::vector<float> mean;     // [mel_bins], natural log
  std::vector<float> inv_std;  // [mel_bins]
};

}  // namespace rill::training
