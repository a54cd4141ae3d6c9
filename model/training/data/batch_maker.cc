#include "model/training/data/batch_maker.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "model/file/model_config.h"
#include "model/training/data/chunk_layout.h"
#include "model/training/data/random.h"

namespace rill::training {
namespace {

// First parts of random keys; the planner's own begin at 1.
enum Purpose : uint64_t { kAugment = 101, kChunk = 102, kMask = 103, kEncoder = 104 };

constexpr size_t kRecentPlans = 2;               // batches made ahead reach into the next pass
constexpr int64_t kMaxIndex = int64_t{1} << 40;  // times rows does not overflow

}  // namespace

BatchMaker::BatchMaker(absl::Span<const TrainingCorpus> corpora, const PassPlanner& planner,
                       const Augmenter& augmenter, const DataOptions& options)
    : corpora_(corpora), planner_(planner), augmenter_(augmenter), options_(options) {
  rows_per_pass_ = Find(0).plan->rows();
}

// With the mutex held.
std::shared_ptr<const PassPlan> BatchMaker::Plan(int64_t pass) const {
  for (const auto& [known, plan] : recent_) {
    if (known == pass) return plan;
  }
  auto plan = std::make_shared<const PassPlan>(planner_.Plan(pass));
  if (recent_.size() == kRecentPlans) recent_.erase(recent_.begin());
  recent_.emplace_back(pass, plan);
  if (pass + 1 == static_cast<int64_t>(pass_begin_.size())) {
    pass_begin_.push_back(pass_begin_.back() + plan->rows());
  }
  return plan;
}

BatchMaker::PlacedRow BatchMaker::Find(int64_t row) const {
  std::lock_guard<std::mutex> lock(mutex_);
  // How many rows a pass has, only its packing tells.
  while (pass_begin_.back() <= row) Plan(static_cast<int64_t>(pass_begin_.size()) - 1);
  const auto after = std::upper_bound(pass_begin_.begin(), pass_begin_.end(), row);
  const int64_t pass = after - pass_begin_.begin() - 1;
  return {Plan(pass), pass, row - pass_begin_[pass]};
}

absl::StatusOr<Batch> BatchMaker::Make(int64_t index) const {
  if (index < 0 || index > kMaxIndex) {
    return absl::OutOfRangeError(absl::StrCat("batch number ", index));
  }
  Batch batch;
  batch.rows = options_.rows * options_.views;
  batch.views = options_.views;
  batch.frames = options_.row_frames;
  batch.mel_bins = corpora_[0].clips->mel_bins();
  batch.key = Random({kEncoder, options_.seed, static_cast<uint64_t>(index)}).Next();
  batch.features.resize(batch.rows * batch.frames * kFeatureFramesPerFrame * batch.mel_bins);
  batch.chunk_end.resize(batch.rows * batch.frames);
  for (int64_t row = 0; row < batch.rows; ++row) {
    const int view = static_cast<int>(row / options_.rows);
    FillRow(Find(index * options_.rows + row % options_.rows), view, row, &batch);
  }
  return batch;
}

void BatchMaker::FillRow(const PlacedRow& from, int view, int64_t row, Batch* batch) const {
  const uint64_t pass_key = static_cast<uint64_t>(from.pass);
  std::vector<ClipSpan> spans;
  for (const PlannedClip& planned : from.plan->row(from.row)) {
    const TrainingCorpus& corpus = corpora_[planned.corpus];
    const Clip& clip = corpus.clips->clip(planned.clip);
    const uint64_t number = static_cast<uint64_t>(planned.number);
    Random random({kAugment, options_.seed, pass_key, number});
    Random mask_random({kMask, options_.seed, pass_key, number, static_cast<uint64_t>(view)});
    float* out = batch->features.data() + (row * batch->frames + planned.first_frame) *
                                              kFeatureFramesPerFrame * batch->mel_bins;
    augmenter_.Apply(corpus.clips->features(planned.clip, planned.speed), planned.start_cut,
                     planned.frames * kFeatureFramesPerFrame, &random, &mask_random, out);
    spans.push_back({planned.first_frame, planned.frames});
    batch->clips.push_back({row, planned.first_frame, planned.frames, clip.labels,
                            static_cast<float>(corpus.loss_weight)});
    batch->clips.back().phones = clip.phones;
    if (corpus.teacher != nullptr) {
      batch->clips.back().teacher = corpus.teacher->Get(
          planned.clip, options_.augment.speeds[planned.speed], planned.start_cut, planned.frames);
    }
    batch->audio_seconds += planned.frames * (kFrameMs / 1000.0);
    batch->characters += clip.characters;
  }
  Random random({kChunk, options_.seed, pass_key, static_cast<uint64_t>(from.row)});
  const int length =
      options_.chunk_lengths[random.Below(static_cast<int64_t>(options_.chunk_lengths.size()))];
  const absl::Span<int32_t> end(batch->chunk_end.data() + row * batch->frames, batch->frames);
  if (length > 0) {
    GridChunks(length, end);
  } else {
    WholeClipChunks(spans, end);
  }
}

}  // namespace rill::training
