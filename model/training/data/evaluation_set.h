// One development corpus as batches: no augmentation, one clip a row from the row's start, so that
// every clip begins with a fresh state; clips of like length together.
//
// Thread rule: immutable; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/training/data/batch.h"
#include "model/training/data/clip_store.h"
#include "model/training/data/feature_statistics.h"

namespace rill::training {

struct EvaluationBatch {
  Batch batch;                          // batch.clips[i] lies in row i; weights are 1
  std::vector<std::string> references;  // of batch.clips[i]
};

class EvaluationSet {
 public:
  // Batches of at most `max_frames` encoder frames, padding included (but at least one clip). Clips
  // shorter than one encoder frame are left out and counted in dropped(). `corpus` and `statistics`
  // outlive it.
  EvaluationSet(const ClipStore& corpus, const FeatureStatistics& statistics, int64_t max_frames);

  const std::string& name() const { return corpus_.name(); }
  int64_t batches() const { return static_cast<int64_t>(first_.size()) - 1; }
  int64_t clips() const { return static_cast<int64_t>(order_.size()); }
  int64_t dropped() const { return dropped_; }
  double hours() const;

  // 0 <= index < batches(). chunk_frames: 1..16, or 0 for the whole clip.
  EvaluationBatch Get(int64_t index, int chunk_frames = 8) const;

 private:
  const ClipStore& corpus_;
  const FeatureStatistics& statistics_;
  std::vector<int64_t> order_;  // clips, shortest first
  std::vector<int64_t> first_;  // of each batch in order_, and the end
  int64_t dropped_ = 0;
};

}  // namespace rill::training
