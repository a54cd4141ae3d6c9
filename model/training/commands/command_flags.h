// What the commands of rill-train share: the flags of the data, durations, files of flags, and the
// folder that --run names.
//
// Thread rule: from main, before any thread is started.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "model/training/data/data_options.h"
#include "model/training/run/checkpoint.h"

namespace rill::training {

// "NAME=NUMBER", by name: as --share and --loss-weight take them.
struct CorpusNumbers {
  std::vector<std::string> shares;
  std::vector<std::string> loss_weights;
};

// --dev, --cache and --pronunciations, for every command that reads speech.
void AddDevelopmentFlags(CLI::App& app, DataOptions& options);
// --data, --noise, --share, --loss-weight, --rows, --row-frames, --workers, --seed.
void AddTrainingDataFlags(CLI::App& app, DataOptions& options, CorpusNumbers& numbers);
// InvalidArgument naming the flag and the corpus.
absl::Status ParseCorpusNumbers(const CorpusNumbers& numbers, DataOptions& options);

// 30s, 10m, 2h, 1.5d: in seconds.
CLI::AsNumberWithUnit DurationCheck();

// Takes flags that were not given from a TOML file with the same names as keys, without the dashes.
// InvalidArgument naming a key that is no flag or does not fit it.
absl::Status ApplyConfigFile(const std::string& path, CLI::App& app);

// Where features go that belong to no run: rill/features in the user's cache folder
// (XDG_CACHE_HOME, or .cache at home).
std::string UserFeatureCache();

// The newest whole checkpoint of --run; tells standard error of damaged ones it passed over.
// NotFound naming --run if there is none.
absl::StatusOr<Checkpoint> ReadNewestCheckpoint(const std::string& run);

}  // namespace rill::training
