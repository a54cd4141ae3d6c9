// Batch number i, made from scratch: the function that makes a run's data order independent of
// threads and restarts. All rows of all passes form one sequence; a batch takes the next `rows` of
// them, across passes if need be.
//
// Thread rule: any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "model/training/data/augmenter.h"
#include "model/training/data/batch.h"
#include "model/training/data/data_options.h"
#include "model/training/data/pass_plan.h"

namespace rill::training {

class BatchMaker {
 public:
  // The corpora and the planner, augmenter outlive it. A pass must have a row.
  BatchMaker(absl::Span<const TrainingCorpus> corpora, const PassPlanner& planner,
             const Augmenter& augmenter, const DataOptions& options);

  // OutOfRange if the index is negative or absurd.
  absl::StatusOr<Batch> Make(int64_t index) const;

  int64_t rows_per_pass() const { return rows_per_pass_; }  // of the first pass

 private:
  struct PlacedRow {
    std::shared_ptr<const PassPlan> plan;
    int64_t pass;
    int64_t row;  // in the pass
  };

  std::shared_ptr<const PassPlan> Plan(int64_t pass) const;
  PlacedRow Find(int64_t row) const;
  void FillRow(const PlacedRow& from, int view, int64_t row, Batch* batch) const;

  absl::Span<const TrainingCorpus> corpora_;
  const PassPlanner& planner_;
  const Augmenter& augmenter_;
  DataOptions options_;
  int64_t rows_per_pass_ = 0;

  mutable std::mutex mutex_;
  mutable std::vector<int64_t> pass_begin_ = {
      0};  // first row of each pass known so far, and the next
  mutable std::vector<std::pair<int64_t, std::shared_ptr<const PassPlan>>> recent_;
};

}  // namespace rill::training
