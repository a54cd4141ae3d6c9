#include "model/training/data/clip_store.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "kernels/cpu/ctc_loss.h"
#include "model/training/data/error_rate.h"

namespace rill::training {
namespace {

// Sets a clip's labels (without the space behind them) and phones from its text.
absl::Status Encode(const TokenTable& tokens, const PhoneTable* phones, Clip* clip) {
  absl::StatusOr<std::vector<int32_t>> labels = tokens.Encode(clip->text);
  if (!labels.ok()) return labels.status();
  clip->labels = *std::move(labels);
  if (phones == nullptr) return absl::OkStatus();
  absl::StatusOr<std::vector<int32_t>> said = phones->Encode(clip->text);
  if (!said.ok()) return said.status();
  clip->phones = *std::move(said);
  return absl::OkStatus();
}

int64_t FramesNeeded(const std::vector<int32_t>& labels) {
  return kernels::CtcFramesNeeded(labels.data(), static_cast<int64_t>(labels.size()));
}

}  // namespace

absl::StatusOr<std::unique_ptr<ClipStore>> ClipStore::Create(const Manifest& manifest,
                                                             const TokenTable& tokens,
                                                             const PhoneTable* phones,
                                                             FeatureCache::Files features) {
  auto store = std::make_unique<ClipStore>();
  store->name_ = manifest.name;
  store->features_ = std::move(features);
  store->clips_.reserve(manifest.clips.size());
  for (const ManifestClip& listed : manifest.clips) {
    Clip clip;
    clip.text = listed.text;
    if (absl::Status status = Encode(tokens, phones, &clip); !status.ok()) {
      return manifest.ErrorAt(listed, std::string(status.message()));
    }
    const bool words = !clip.labels.empty();
    clip.characters = CharacterCount(listed.text);
    if (words && tokens.space() != 0) {
      clip.labels.push_back(tokens.space());
      ++clip.characters;
    }
    clip.frames_needed = std::max(FramesNeeded(clip.labels), FramesNeeded(clip.phones));
    store->clips_.push_back(std::move(clip));
  }
  return store;
}

absl::Status CheckTexts(const Manifest& manifest, const TokenTable& tokens,
                        const PhoneTable* phones) {
  for (const ManifestClip& listed : manifest.clips) {
    Clip clip;
    clip.text = listed.text;
    if (absl::Status status = Encode(tokens, phones, &clip); !status.ok()) {
      return manifest.ErrorAt(listed, std::string(status.message()));
    }
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
