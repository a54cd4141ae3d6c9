// Logistic regression and how well probabilities are calibrated. Pure functions; any thread.
#pragma once

#include <vector>

namespace rill {

// One thing that came true or did not.
struct Observation {
  std::vector<double> features;
  bool truth = false;
};

// weights[0] is the bias: p = sigmoid(weights[0] + sum weights[i + 1] features[i]). The maximum of
// the likelihood less `ridge` / 2 times the squares of all weights but the bias, by Newton's
// method. All observations have the same number of features.
std::vector<double> FitLogistic(const std::vector<Observation>& observations, double ridge);

struct Prediction {
  double probability = 0;  // 0 to 1
  double truth = 0;        // 0 or 1, or a share
};

// Predictions between two tenths (or whichever part `bins` says).
struct ReliabilityBin {
  int count = 0;
  double probability = 0;  // means; 0 if there are none
  double truth = 0;
};
std::vector<ReliabilityBin> Reliability(const std::vector<Prediction>& predictions, int bins);

// Expected calibration error: the mean over predictions of |probability - truth| of their bin. C.
// Guo et al., "On calibration of modern neural networks", ICML 2017.
double CalibrationError(const std::vector<Prediction>& predictions, int bins);

// The share of pairs of a true and a false one in which the true one has the higher probability;
// ties count half. 0.5 is chance. Only for truths of 0 and 1.
double RankingQuality(std::vector<Prediction> predictions);

}  // namespace rill
