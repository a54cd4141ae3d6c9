// How likely a word is right (confidence) and how likely an interim word is to stay (stability):
// logistic models on what a decoder and a language model know of the words. A speech model's file
// carries their weights (metadata key "rill.calibration"), as `rill-decode-eval calibrate` fits
// them. Plain values and pure functions; any thread.
#pragma once

#include <array>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "model/decoder/hypothesis.h"
#include "model/language_model/language_model.h"

namespace rill {

// Of a word, in this order: with a the mean and b the least of its letters' log-probabilities,
// sqrt(-a); sqrt(-b); its log10 probability after the words before it; its letters, at most 10; of
// all words sqrt(-a) over all letters; the mean log10 probability; sqrt(misspelling); and of all
// words the mean of that. Probabilities are 0 without a language model.
using ConfidenceFeatures = std::array<double, 8>;
std::vector<ConfidenceFeatures> ConfidenceFeaturesOf(const Hypothesis& hypothesis,
                                                     const LanguageModel* model);

// Of a word of an interim result up to `time` (samples): ln(agreement / (1 - agreement)); 1 for the
// last word; how long ago it ended, in parts of 200 ms, at most 1, for the last word; the same in
// parts of 1 s for the others. 0 where nothing is said.
using StabilityFeatures = std::array<double, 4>;
StabilityFeatures StabilityFeaturesOf(const Hypothesis& hypothesis, size_t word, int64_t time);

// The first weight is the bias.
struct Calibration {
  std::array<double, 1 + std::tuple_size_v<ConfidenceFeatures>> confidence{};
  std::array<double, 1 + std::tuple_size_v<StabilityFeatures>> stability{};
};

// 1 / (1 + exp(-(weights[0] + sum weights[i + 1] features[i])))
double Logistic(absl::Span<const double> weights, absl::Span<const double> features);

// Sets the confidence of every word, and the hypothesis's: the share of its words that are likely
// to be right. Null: leaves them.
void SetConfidence(const Calibration* calibration, const LanguageModel* model,
                   Hypothesis* hypothesis);

// Sets the share of the words of an interim result up to `time` that are likely to stay. Null:
// their mean agreement.
void SetStability(const Calibration* calibration, int64_t time, Hypothesis* hypothesis);

// By how words are found: a greedy decoder or a beam, without and with a language model.
class CalibrationTable {
 public:
  static constexpr char kMetadataKey[] = "rill.calibration";

  // InvalidArgument naming the field. Decoders may be missing; weights of confidence from before
  // there were misspellings have none for them.
  static absl::StatusOr<CalibrationTable> FromJson(const std::string& json);
  std::string ToJson() const;

  // "greedy", "greedy+lm", "beam", "beam+lm"
  static std::string Name(bool beam, bool language_model);
  void Set(const std::string& name, const Calibration& calibration);
  const Calibration* Find(const std::string& name) const;  // null if it is not there

 private:
  std::map<std::string, Calibration> entries_;
};

}  // namespace rill
