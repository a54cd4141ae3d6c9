#include "model/paper/speech/speech_batch.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cstring>
#include <numeric>

#include "model/file/model_config.h"

namespace rill::paper {

SpeechBatch UnpackClips(const training::Batch& batch, int64_t stack) {
  const int64_t per_frame = kFeatureFramesPerFrame / stack, width = stack * batch.mel_bins;
  SpeechBatch result;
  result.source.resize(batch.clips.size());
  std::iota(result.source.begin(), result.source.end(), 0);
  std::stable_sort(result.source.begin(), result.source.end(), [&](int64_t a, int64_t b) {
    return batch.clips[a].frames > batch.clips[b].frames;
  });
  const int64_t clips = static_cast<int64_t>(batch.clips.size());
  const int64_t longest = clips > 0 ? batch.clips[result.source[0]].frames * per_frame : 0;
  result.frames = at::zeros({clips, longest, width});
  result.lengths = at::zeros({clips}, at::kLong);
  for (int64_t i = 0; i < clips; ++i) {
    training::PackedClip clip = batch.clips[result.source[i]];
    const int64_t row_floats = batch.frames * kFeatureFramesPerFrame * batch.mel_bins;
    const int64_t frame_floats = kFeatureFramesPerFrame * batch.mel_bins;
    std::memcpy(result.frames.data_ptr<float>() + i * longest * width,
                batch.features.data() + clip.row * row_floats + clip.first_frame * frame_floats,
                clip.frames * frame_floats * sizeof(float));
    clip.row = i;
    clip.first_frame = 0;
    clip.frames *= per_frame;
    clip.weight = 1;
    result.lengths.data_ptr<int64_t>()[i] = clip.frames;
    result.clips.push_back(std::move(clip));
  }
  return result;
}

}  // namespace rill::paper
