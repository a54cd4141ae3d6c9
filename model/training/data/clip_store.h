// One corpus in memory: the clips' labels, and their features at every speed, mapped from the
// cache. Immutable; any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "model/training/data/feature_cache.h"
#include "model/training/data/feature_file.h"
#include "model/training/data/manifest.h"
#include "model/training/data/phone_table.h"
#include "model/training/data/token_table.h"

namespace rill::training {

struct Clip {
  std::string text;
  // The text's, and a space behind it if there is any: a pause ends a word, and in a row of clips
  // the next one's first word is not the last one's end.
  std::vector<int32_t> labels;
  // Of the text, and the space behind it: whatever the tokens, so that losses can be compared.
  int64_t characters = 0;
  // How the text is said, for a model that hears phones, too (phone_table.h); else empty.
  std::vector<int32_t> phones;
  int64_t frames_needed = 0;  // encoder frames that CTC needs for the labels, and for the phones
};

class ClipStore {
 public:
  // features: one file a speed, each with the clips in the manifest's order. phones: null for clips
  // without. InvalidArgument naming the manifest and line if a text cannot be written in the
  // model's tokens, or said in its phones.
  static absl::StatusOr<std::unique_ptr<ClipStore>> Create(const Manifest& manifest,
                                                           const TokenTable& tokens,
                                                           const PhoneTable* phones,
                                                           FeatureCache::Files features);

  const std::string& name() const { return name_; }
  int64_t size() const { return static_cast<int64_t>(clips_.size()); }
  int64_t mel_bins() const { return features_[0]->mel_bins(); }
  int speeds() const { return static_cast<int>(features_.size()); }
  const Clip& clip(int64_t index) const { return clips_[index]; }
  FeatureView features(int64_t index, int speed) const { return features_[speed]->Get(index); }
  const FeatureSums& sums(int speed) const { return features_[speed]->sums(); }

 private:
  std::string name_;
  std::vector<Clip> clips_;
  FeatureCache::Files features_;
};

// InvalidArgument naming the manifest and line of the first text that cannot be written in the
// model's tokens, or said in its phones if they are not null.
absl::Status CheckTexts(const Manifest& manifest, const TokenTable& tokens,
                        const PhoneTable* phones);

// A manifest's recordings, as the cache takes them.
RecordingList RecordingsOf(const Manifest& manifest, const std::vector<double>& speeds);

}  // namespace rill::training
