// Everything a run reads: training batches, development sets, feature statistics. Opening it reads
// and checks the manifests and fills the feature cache (minutes for a day of speech, the first time
// only).
//
// Thread rule: immutable after Open; source().Get() as data_source.h says, the rest from any
// thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "model/file/model_config.h"
#include "model/training/data/data_options.h"
#include "model/training/data/data_source.h"
#include "model/training/data/evaluation_set.h"
#include "model/training/data/feature_statistics.h"

namespace rill::training {

struct CorpusSummary {
  std::string name;
  int64_t clips = 0;  // that can be trained on
  int64_t dropped =
      0;  // unreadable, or too long for a row or too short for their labels at every speed
  double hours = 0;  // of those that can be trained on
  double share = 1;
  double loss_weight = 1;
};

class TrainingData {
 public:
  // InvalidArgument or NotFound naming the option, or the manifest and its line, at fault.
  static absl::StatusOr<std::unique_ptr<TrainingData>> Open(const DataOptions& options,
                                                            const ModelConfig& config);
  virtual ~TrainingData() = default;

  virtual BatchSource& source() = 0;
  virtual const std::vector<EvaluationSet>& evaluation_sets() const = 0;  // one a dev corpus
  virtual const FeatureStatistics& statistics() const = 0;
  virtual const std::vector<CorpusSummary>& corpora() const = 0;
  virtual int64_t teacher_groups() const = 0;  // codes a frame (teacher_codes.h); 0: no teacher
  // Each different training text once, of corpora with no share, too, as the model's tokens, or its
  // phones if there are pronunciations; and the label that ends them.
  virtual std::vector<std::vector<int32_t>> DistinctTexts() const = 0;
  virtual int32_t space() const = 0;          // 0: none does
  virtual double total_hours() const = 0;     // of distinct training clips, at speed 1
  virtual double hours_per_pass() const = 0;  // after shares
};

}  // namespace rill::training
