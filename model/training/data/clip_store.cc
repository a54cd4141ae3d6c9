#include "model/training/data/clip_store.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "kernels/cpu/ctc_loss.h"
#include "model/training/data/error_rate.h"

namespace rill::training {

absl::StatusOr<std::unique_ptr<ClipStore>> ClipStore::Create(const Manifest& manifest,
                                                             const TokenTable& tokens,
                                                             FeatureCache::Files features) {
  auto store = std::make_unique<ClipStore>();
  store->name_ = manifest.name;
  store->features_ = std::move(features);
  store->clips_.reserve(manifest.clips.size());
  for (const ManifestClip& listed : manifest.clips) {
    absl::StatusOr<std::vector<int32_t>> labels = tokens.Encode(listed.text);
    if (!labels.ok()) return manifest.ErrorAt(listed, std::string(labels.status().message()));
    Clip clip;
    clip.text = listed.text;
    clip.labels = *std::move(labels);
    const bool words = !clip.labels.empty();
    clip.characters = CharacterCount(listed.text);
    if (words && tokens.space() != 0) {
      clip.labels.push_back(tokens.space());
      ++clip.characters;
    }
    clip.frames_needed =
        kernels::CtcFramesNeeded(clip.labels.data(), static_cast<int64_t>(clip.labels.size()));
    store->clips_.push_back(std::move(clip));
  }
  return store;
}

absl::Status CheckTexts(const Manifest& manifest, const TokenTable& tokens) {
  for (const ManifestClip& clip : manifest.clips) {
    const auto labels = tokens.Encode(clip.text);
    if (!labels.ok()) return manifest.ErrorAt(clip, std::string(labels.status().message()));
  }
  return absl::OkStatus();
}

RecordingList RecordingsOf(const Manifest& manifest, const std::vector<double>& speeds) {
  RecordingList list{manifest.name, {}, speeds};
  list.recordings.reserve(manifest.clips.size());
  for (const ManifestClip& clip : manifest.clips) {
    list.recordings.push_back({manifest.AudioPath(clip), clip.path, clip.seconds,
                               absl::StrCat(manifest.file, ":", clip.line)});
  }
  return list;
}

}  // namespace rill::training
