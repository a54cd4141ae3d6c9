#include "model/training/data/evaluation_set.h"

#include <algorithm>

#include "model/file/model_config.h"
#include "model/training/data/chunk_layout.h"
#include "model/training/data/feature_math.h"

namespace rill::training {
namespace {

int64_t FramesOf(const ClipStore& corpus, int64_t clip) {
  return corpus.features(clip, 0).frames / kFeatureFramesPerFrame;
}

}  // namespace

EvaluationSet::EvaluationSet(const ClipStore& corpus, const FeatureStatistics& statistics,
                             int64_t max_frames)
    : corpus_(corpus), statistics_(statistics) {
  for (int64_t clip = 0; clip < corpus.size(); ++clip) {
    if (FramesOf(corpus, clip) > 0) order_.push_back(clip);
  }
  dropped_ = corpus.size() - clips();
  std::stable_sort(order_.begin(), order_.end(), [&corpus](int64_t a, int64_t b) {
    return FramesOf(corpus, a) < FramesOf(corpus, b);
  });
  for (int64_t i = 0; i < clips(); ++i) {
    // Clip i would be the longest of its batch so far: every row gets its length.
    const bool fits =
        !first_.empty() && (i - first_.back() + 1) * FramesOf(corpus, order_[i]) <= max_frames;
    if (!fits) first_.push_back(i);
  }
  first_.push_back(clips());
}

double EvaluationSet::hours() const {
  int64_t frames = 0;
  for (const int64_t clip : order_) frames += FramesOf(corpus_, clip);
  return static_cast<double>(frames) * kFrameMs / 3.6e6;
}

EvaluationBatch EvaluationSet::Get(int64_t index, int chunk_frames) const {
  const int64_t begin = first_[index];
  const int64_t bins = corpus_.mel_bins();
  EvaluationBatch result;
  Batch& batch = result.batch;
  batch.rows = first_[index + 1] - begin;
  batch.frames = FramesOf(corpus_, order_[begin + batch.rows - 1]);
  batch.mel_bins = bins;
  batch.features.resize(batch.rows * batch.frames * kFeatureFramesPerFrame * bins);
  batch.chunk_end.resize(batch.rows * batch.frames);
  for (int64_t row = 0; row < batch.rows; ++row) {
    const int64_t index_in_corpus = order_[begin + row];
    const Clip& clip = corpus_.clip(index_in_corpus);
    const int64_t frames = FramesOf(corpus_, index_in_corpus);
    const int64_t feature_frames = frames * kFeatureFramesPerFrame;
    float* out = batch.features.data() + row * batch.frames * kFeatureFramesPerFrame * bins;
    HalfToFloat(feature_frames * bins, corpus_.features(index_in_corpus, 0).values, out);
    Normalise(feature_frames, bins, statistics_.mean.data(), statistics_.inv_std.data(), out);
    // The clip's last chunk ends with the clip, as a stream's does when it is finished.
    const absl::Span<int32_t> end(batch.chunk_end.data() + row * batch.frames, batch.frames);
    WholeClipChunks({{0, frames}}, end);
    if (chunk_frames > 0) GridChunks(chunk_frames, end.subspan(0, frames));
    batch.clips.push_back({row, 0, frames, clip.labels, 1.0f});
    batch.clips.back().phones = clip.phones;
    batch.audio_seconds += static_cast<double>(frames) * kFrameMs / 1000;
    batch.characters += clip.characters;
    result.references.push_back(clip.text);
  }
  return result;
}

}  // namespace rill::training
