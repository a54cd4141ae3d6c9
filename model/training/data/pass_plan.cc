#include "model/training/data/pass_plan.h"

#include <cmath>
#include <utility>

#include "model/file/model_config.h"
#include "model/training/data/random.h"
#include "model/training/data/row_packer.h"

namespace rill::training {
namespace {

// First parts of random keys: what the numbers are for.
enum Purpose : uint64_t { kTurn = 1, kOrder = 2, kTake = 3, kRowOrder = 4 };

}  // namespace

PassPlanner::PassPlanner(absl::Span<const TrainingCorpus> corpora, const DataOptions& options)
    : corpora_(corpora),
      row_frames_(options.row_frames),
      one_clip_a_row_(options.one_clip_a_row),
      max_start_cut_(options.augment.max_start_cut),
      seed_(options.seed),
      usable_(corpora.size()) {
  for (size_t i = 0; i < corpora_.size(); ++i) {
    const ClipStore& clips = *corpora_[i].clips;
    for (int64_t clip = 0; clip < clips.size(); ++clip) {
      bool fits = false;
      for (int speed = 0; speed < clips.speeds(); ++speed) {
        fits = fits || Fits(corpora_[i], clip, speed);
      }
      if (fits) usable_[i].push_back(static_cast<int32_t>(clip));
    }
    Random(  // Which fifth comes first, if the share is 0.2.
        {kTurn, seed_, i})
        .Shuffle(&usable_[i]);
  }
}

// Whatever is cut at the start.
bool PassPlanner::Fits(const TrainingCorpus& corpus, int64_t clip, int speed) const {
  const int64_t frames = corpus.clips->features(clip, speed).frames;
  const int64_t least = (frames - max_start_cut_) / kFeatureFramesPerFrame;
  return least >= 1 && least >= corpus.clips->clip(clip).frames_needed &&
         frames / kFeatureFramesPerFrame <= row_frames_;
}

// Each pass takes the next `share` of the shuffled clips, round and round, so that every clip gets
// its turn equally often.
void PassPlanner::Select(int64_t pass, std::vector<PlannedClip>* clips) const {
  for (size_t i = 0; i < corpora_.size(); ++i) {
    const int64_t count = static_cast<int64_t>(usable_[i].size());
    const double each_pass = corpora_[i].share * static_cast<double>(count);
    const int64_t begin = static_cast<int64_t>(std::floor(each_pass * static_cast<double>(pass)));
    const int64_t end = static_cast<int64_t>(std::floor(each_pass * static_cast<double>(pass + 1)));
    for (int64_t turn = begin; turn < end; ++turn) {
      clips->push_back({static_cast<int32_t>(i), usable_[i][turn % count], 0, 0, 0, 0, 0});
    }
  }
}

PassPlan PassPlanner::Plan(int64_t pass) const {
  const uint64_t pass_key = static_cast<uint64_t>(pass);
  std::vector<PlannedClip> clips;
  Select(pass, &clips);
  Random({kOrder, seed_, pass_key}).Shuffle(&clips);

  RowPacker packer(row_frames_, one_clip_a_row_);
  std::vector<int64_t> row_of(clips.size());
  Random random({kTake, seed_, pass_key});
  std::vector<int16_t> speeds;
  for (size_t i = 0; i < clips.size(); ++i) {
    PlannedClip& clip = clips[i];
    const TrainingCorpus& corpus = corpora_[clip.corpus];
    speeds.clear();
    for (int speed = 0; speed < corpus.clips->speeds(); ++speed) {
      if (Fits(corpus, clip.clip, speed)) speeds.push_back(static_cast<int16_t>(speed));
    }
    clip.number = static_cast<int32_t>(i);
    clip.speed = speeds[random.Below(static_cast<int64_t>(speeds.size()))];
    clip.start_cut = static_cast<int16_t>(random.Below(max_start_cut_ + 1));
    const int64_t feature_frames = corpus.clips->features(clip.clip, clip.speed).frames;
    clip.frames = static_cast<int32_t>((feature_frames - clip.start_cut) / kFeatureFramesPerFrame);
    const RowPacker::Place place = packer.Add(clip.frames);
    row_of[i] = place.row;
    clip.first_frame = static_cast<int32_t>(place.first);
  }

  // Rows in random order: the packer's last ones are emptier and hold later clips.
  std::vector<int64_t> order(packer.rows());
  for (size_t i = 0; i < order.size(); ++i) order[i] = static_cast<int64_t>(i);
  Random({kRowOrder, seed_, pass_key}).Shuffle(&order);

  PassPlan plan;
  plan.row_begin_.assign(order.size() + 1, 0);
  for (int64_t& row : row_of) {
    row = order[row];
    ++plan.row_begin_[row + 1];
  }
  for (size_t i = 1; i < plan.row_begin_.size(); ++i) plan.row_begin_[i] += plan.row_begin_[i - 1];
  // Stable: a row's clips lie in the order they were added, which is that of their frames.
  std::vector<int64_t> next(plan.row_begin_.begin(), plan.row_begin_.end() - 1);
  plan.clips_.resize(clips.size());
  for (size_t i = 0; i < clips.size(); ++i) plan.clips_[next[row_of[i]]++] = clips[i];
  return plan;
}

}  // namespace rill::training
