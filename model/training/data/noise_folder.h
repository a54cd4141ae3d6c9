// Finds the recordings of a folder of sounds for augmentation. Pure function; any thread.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "model/training/data/feature_cache.h"

namespace rill::training {

// Every file in or below `folder` whose extension is that of an audio format, by name, at speed 1.
// NotFound if there is none.
absl::StatusOr<RecordingList> NoiseRecordings(const std::string& folder);

}  // namespace rill::training
