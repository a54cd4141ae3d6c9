// Which clips a pass takes, at which speed, and where in which row they lie. A pure function of the
// clips' lengths, the options and the pass's number.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/types/span.h"
#include "model/training/data/clip_store.h"
#include "model/training/data/data_options.h"
#include "model/training/data/teacher_codes.h"

namespace rill::training {

// A corpus that a run trains on.
struct TrainingCorpus {
  std::unique_ptr<ClipStore> clips;
  double share = 1;                                 // see DataOptions::shares
  double loss_weight = 1;                           // see DataOptions::loss_weights
  std::unique_ptr<TeacherCodes> teacher = nullptr;  // null: none
};

struct PlannedClip {
  int32_t corpus;
  int32_t clip;
  int16_t speed;        // index in AugmentOptions::speeds
  int16_t start_cut;    // feature frames
  int32_t first_frame;  // encoder frames from the row's start
  int32_t frames;       // encoder frames
  int32_t number;       // in the pass: tells two takes of a clip apart
};

// Immutable; any thread.
class PassPlan {
 public:
  int64_t rows() const { return static_cast<int64_t>(row_begin_.size()) - 1; }
  absl::Span<const PlannedClip> row(int64_t index) const {
    return absl::MakeSpan(clips_).subspan(row_begin_[index],
                                          row_begin_[index + 1] - row_begin_[index]);
  }

 private:
  friend class PassPlanner;

  std::vector<PlannedClip> clips_;  // by row
  std::vector<int64_t> row_begin_;  // in clips_, and the end
};

// Immutable; any thread. The corpora outlive it.
class PassPlanner {
 public:
  PassPlanner(absl::Span<const TrainingCorpus> corpora, const DataOptions& options);

  // Clips of a corpus that fit into a row and have frames for their labels, at one speed at least.
  absl::Span<const int32_t> usable(int64_t corpus) const { return usable_[corpus]; }

  PassPlan Plan(int64_t pass) const;

 private:
  bool Fits(const TrainingCorpus& corpus, int64_t clip, int speed) const;
  void Select(int64_t pass, std::vector<PlannedClip>* clips) const;

  absl::Span<const TrainingCorpus> corpora_;
  int64_t row_frames_;
  bool one_clip_a_row_;
  int max_start_cut_;
  uint64_t seed_;
  std::vector<std::vector<int32_t>> usable_;  // shuffled once
};

}  // namespace rill::training
