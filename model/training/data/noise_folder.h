// Finds the recordings of a folder of sounds: those to train with, or those that training never
// hears, to measure with. Pure functions; any thread.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "model/training/data/feature_cache.h"

namespace rill::training {

enum class NoisePart { kTraining, kHeldOut };

// About one file in five, by its name without folders (FNV-1a), wherever it lies: the same in every
// run and program.
bool IsHeldOut(const std::string& path);

// Of the files in or below `folder` whose extension is that of an audio format, those of `part`, by
// name, at speed 1. NotFound if there is none.
absl::StatusOr<RecordingList> NoiseRecordings(const std::string& folder, NoisePart part);

}  // namespace rill::training
